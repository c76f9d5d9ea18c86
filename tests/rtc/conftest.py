"""Real offers, and a loop in which nothing may go unnoticed."""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parent.parent / "corpora" / "sdp"

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def offer() -> Callable[[str], str]:
    """`offer("seed")`: what Chromium offered in that situation."""
    return lambda name: (CORPUS / f"chromium-{name}.sdp").read_bytes().decode()


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Runs a test's coroutine; fails on tasks left over and on errors nobody looked at.

    On asyncio's own loop, or on the server's with the parameter "uvloop".
    """
    factory = None
    if getattr(request, "param", "asyncio") == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop
    complaints: list[str] = []

    async def watched(work: Coroutine[Any, Any, None]) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(repr(context)))
        async with asyncio.timeout(60):
            await work
        gc.collect()
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    def start(work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(watched(work))

    yield start
    gc.collect()
    assert not complaints, complaints

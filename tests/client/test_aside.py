"""Calls to a loop in another thread."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from scope.client.aside import LoopAside


async def where() -> str:
    return threading.current_thread().name


async def failing() -> None:
    raise ValueError("no")


def test_it_answers_from_another_thread_and_raises_here() -> None:
    aside = LoopAside()
    assert aside.call(where()) == "scope" != threading.current_thread().name
    with pytest.raises(ValueError, match="no"):
        aside.call(failing())
    aside.close()


def test_leaving_an_iteration_early_ends_it() -> None:
    ended: list[bool] = []

    async def counting() -> AsyncIterator[int]:
        try:
            for number in range(100):
                yield number
        finally:
            ended.append(True)

    aside = LoopAside()
    for number in aside.iterate(counting()):
        if number == 3:
            break
    assert ended == [True]
    assert list(aside.iterate(counting())) == list(range(100))
    aside.close()


def test_closing_cancels_what_runs_and_refuses_what_comes() -> None:
    aside = LoopAside()
    cancelled: list[bool] = []

    async def begin() -> None:
        async def forever() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(True)

        begin.task = asyncio.create_task(forever())  # type: ignore[attr-defined]
        await asyncio.sleep(0)

    aside.call(begin())
    aside.close()
    aside.close()
    assert cancelled == [True]
    with pytest.raises(RuntimeError, match="closed"):
        aside.call(where())

"""A performer on stage: a running server and one real WebRTC client of it, for a whole file.

The loop of both runs on a thread, so that tests are plain functions and share a connection.
"""

import asyncio
import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

from bench.card import Card, read_card
from scope.pipelines.registry import PipelineRef

T = TypeVar("T")
WAIT_S = 20.0
QUICK = {"width": 512, "height": 128, "fps": 25, "frames": 1}  # so that an update shows soon
FIGURES = {"stats"}  # told once a second, whatever happens


def neighbour(name: str, path: Path) -> ModuleType:
    """Another file of the tests, which are no package."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HERE = Path(__file__).parent
server = neighbour("server_for_contracts", HERE.parent / "server" / "conftest.py")
EVERY_KEY = PipelineRef(f"{HERE / 'every_key.py'}:EveryKey", "every-key")
VISTA = PipelineRef("scope.pipelines.vista.pipeline:Vista", "vista")


class LoopThread:
    """An event loop that runs beside the test."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], *, within_s: float = WAIT_S) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(within_s)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Performer:
    """One client, and what it hears."""

    def __init__(self, loop: LoopThread, live: Any) -> None:
        self._loop = loop
        self.live = live
        self.client: Any = None
        self._marks = 0

    def connect(self, **parameters: Any) -> dict[str, Any]:
        """Offer, and wait for the channel."""

        async def go() -> dict[str, Any]:
            self.client = server.new_client()
            answer: dict[str, Any] = await self.client.start(self.live.http, **parameters)
            await self.client.notice("hello")
            return answer

        return self._loop.run(go())

    def new_client(self) -> Any:
        """One that is not this performer's."""

        async def go() -> Any:
            return server.new_client()

        return self._loop.run(go())

    def leave(self) -> None:
        """Close as a well-behaved client does."""
        self._loop.run(self.client.close())

    def http(self, method: str, path: str, **more: Any) -> Any:
        """One request to the server."""
        return self._loop.run(self.live.http.request(method, f"/api/v1{path}", **more))

    def parameters(self) -> dict[str, Any]:
        """What the server says is in force."""
        query = {"session_id": self.client.session_id}
        answer = self.http("GET", "/session/parameters", params=query).json()
        return dict(answer["parameters"])

    # Saying and hearing.

    def send(self, message: str | bytes | dict[str, Any]) -> None:
        """Exactly this over the data channel."""
        text = json.dumps(message) if isinstance(message, dict) else message
        self._on_loop(lambda: self.client.channel.send(text))

    def send_all(self, messages: list[dict[str, Any]]) -> None:
        """All of them in one go."""
        texts = [json.dumps(message) for message in messages]

        def go() -> None:
            for text in texts:
                self.client.channel.send(text)

        self._on_loop(go)

    def notice(self, kind: str, **expected: Any) -> dict[str, Any]:
        """The first notice like that, which came or comes."""
        told: dict[str, Any] = self._loop.run(self.client.notice(kind, **expected))
        return told

    def notice_since(self, since: int, kind: str) -> dict[str, Any]:
        """The first notice of that kind after a number of others."""

        def found() -> list[dict[str, Any]]:
            return [notice for notice in self.client.notices[since:] if notice["type"] == kind]

        self._loop.run(self.client.until(found))
        return found()[0]

    def heard(self, since: int = 0) -> list[dict[str, Any]]:
        """Everything but figures, from a number of notices on."""
        return [notice for notice in self.client.notices[since:] if notice["type"] not in FIGURES]

    def settle(self) -> dict[str, Any]:
        """Wait until everything said so far is in the picture, or was refused."""
        self._marks += 1
        mark = f"mark {self._marks}"
        self.send({"_id": mark})
        return self.notice("applied", _id=mark)

    def after(self, message: str | bytes | dict[str, Any]) -> list[dict[str, Any]]:
        """What is heard of one message; the stream must be alive afterwards."""
        since = len(self.client.notices)
        self.send(message)
        mark = self.settle()
        return [notice for notice in self.heard(since) if notice is not mark]

    def _on_loop(self, act: Callable[[], None]) -> None:
        async def go() -> None:
            act()

        self._loop.run(go())

    # Seeing.

    def sees(self, wanted: Callable[[Card], bool]) -> Card:
        """The first card like that among the pictures that come now; skips unreadable ones."""

        async def go() -> Card:
            seen = len(self.client.frames)
            while True:
                await self.client.has_frames(seen + 1)
                card = read_card(self.client.frames[seen].to_ndarray(format="rgb24"))
                seen += 1
                if card is not None and wanted(card):
                    return card

        return self._loop.run(go())

    def sees_a_still(self) -> None:
        """Wait until the same picture came twice."""
        last: list[int] = []
        self.sees(lambda card: last[-1:] == [card.number] or bool(last.append(card.number)))

    def sees_prompt(self, text: str) -> Card:
        """The first picture of that text."""
        return self.sees(lambda card: card.shows(text))

    def numbers(self, count: int) -> list[int]:
        """The numbers of the next `count` pictures that can be read, in the order they came."""
        found: list[int] = []

        def collect(card: Card) -> bool:
            found.append(card.number)
            return len(found) == count

        self.sees(collect)
        return found


@contextmanager
def on_stage(refs: tuple[PipelineRef, ...], **settings: Any) -> Iterator[Callable[[], Performer]]:
    """A server, and performers as many as are asked for."""
    loop, stack = LoopThread(), AsyncExitStack()
    performers: list[Performer] = []
    settings = {"load_params": QUICK, **settings}
    chosen = server.settings_for_tests(pipeline=refs[-1].name, **settings)
    try:
        starting = stack.enter_async_context(server.live_server(chosen, pipelines=refs))
        live = loop.run(starting, within_s=60)

        def enter() -> Performer:
            performers.append(Performer(loop, live))
            return performers[-1]

        yield enter
    finally:
        for performer in performers:
            if performer.client is not None:
                performer.leave()
        loop.run(stack.aclose())
        loop.close()


@pytest.fixture(scope="session")
def on_stage_module() -> ModuleType:
    """This file, for tests that set a stage of their own."""
    return sys.modules[__name__]


@pytest.fixture(scope="module")
def card_stage() -> Iterator[Callable[[], Performer]]:
    with on_stage((server.TESTCARD,)) as enter:
        yield enter


@pytest.fixture(scope="module")
def every_key_stage() -> Iterator[Callable[[], Performer]]:
    with on_stage((server.TESTCARD, EVERY_KEY)) as enter:
        yield enter


@pytest.fixture(scope="module")
def vista_stage() -> Iterator[Callable[[], Performer]]:
    with on_stage((VISTA,), load_params={}) as enter:
        yield enter


@pytest.fixture(scope="module")
def card(card_stage: Callable[[], Performer]) -> Performer:
    """Connected to the test card, which declares no parameters."""
    performer = card_stage()
    performer.connect()
    return performer


@pytest.fixture(scope="module")
def every_key(every_key_stage: Callable[[], Performer]) -> Performer:
    """Connected to a pipeline that declares every shared key."""
    performer = every_key_stage()
    performer.connect()
    return performer


@pytest.fixture(scope="module")
def every_key_module() -> ModuleType:
    """The file that pipeline is in."""
    return neighbour("every_key_for_contracts", HERE / "every_key.py")


@pytest.fixture(scope="module")
def slow_card() -> Iterator[Performer]:
    """Connected to a test card whose chunks take a while: twelve frames, 0.12 of 0.4 seconds."""
    params = {"width": 512, "height": 128, "fps": 30, "frames": 12, "compute_ms": 120}
    with on_stage((server.TESTCARD,), load_params=params) as enter:
        performer = enter()
        performer.connect()
        yield performer


@pytest.fixture(scope="module")
def vista(vista_stage: Callable[[], Performer]) -> Performer:
    """Connected to vista."""
    performer = vista_stage()
    performer.connect()
    return performer

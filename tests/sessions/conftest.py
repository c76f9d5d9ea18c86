"""Peers and streams that only note what is done to them."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from scope.control import ControlUpdate
from scope.engine.api import PipelineIdentity, Playhead, StreamFigures
from scope.engine.frame_buffer import FrameBuffer
from scope.errors import NegotiationFailed
from scope.events import EngineEvent, StopReason, StreamStopped
from scope.frames import Chunk, EncodedFrame, VideoFormat
from scope.rtc.api import PeerClosed, PeerStats

WIDTH, HEIGHT, FPS = 64, 64, 100.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class FakePeer:
    """A peer under the test's control."""

    id: str = "peer"
    codec: str = "VP8"
    events: Any = None
    said: list[dict[str, Any]] = field(default_factory=list)
    pushed: list[EncodedFrame] = field(default_factory=list)
    closed_with: list[str | None] = field(default_factory=list)
    candidates: list[Any] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, sdp: str, *, codec_preference: str | None) -> str:
        await asyncio.sleep(0)
        if sdp == "unanswerable":
            raise NegotiationFailed("told to")
        if sdp == "bug":
            raise RuntimeError("told to")
        return f"answer to {sdp}"

    def add_candidates(self, candidates: Any) -> None:
        self.candidates += candidates

    def push(self, frame: EncodedFrame) -> None:
        self.pushed.append(frame)
        self.news.set()

    def notify(self, text: str, *, droppable: bool = False) -> bool:
        assert not self.closed_with
        self.said.append(json.loads(text))
        return True

    def stats(self) -> PeerStats:
        return PeerStats(True, len(self.pushed), 2, 500, 1.5, 0.25)

    def rtp_timestamp(self, pts: int) -> int | None:
        return 1000 + pts

    async def close(self, farewell: str | None = None) -> None:
        first = not self.closed_with
        self.closed_with.append(farewell)
        if first and self.events is not None:
            self.events.closed(self, PeerClosed.BY_US)

    def kinds(self) -> list[str]:
        return [notice["type"] for notice in self.said]

    async def has(self, number: int) -> None:
        async with asyncio.timeout(5):
            while len(self.pushed) < number:
                self.news.clear()
                await self.news.wait()


class FakeHandle:
    """A stream whose frames the test makes."""

    def __init__(self, stream_id: str = "stream") -> None:
        self.id = stream_id
        self.pipeline_id = "fake"
        self.identity = PipelineIdentity("fake", "2", {"width": WIDTH}, {"weights": "abc"})
        self.format = VideoFormat(WIDTH, HEIGHT, FPS)
        self.chunk_frames = 2
        self.seed = 7
        self.released: list[int] = []
        self.frames = FrameBuffer(release=self.released.append)
        self.sent: list[ControlUpdate] = []
        self.played: list[Playhead | None] = []
        self.events: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self.closed = 0
        self.parked_with: list[int] = []
        self.state_bytes = 5
        self.resumed = 0
        self.trouble: Exception | None = None
        self._index = 0

    def make(self, number: int = 2, *, revision: int = 0) -> None:
        """A chunk of `number` frames."""
        pixels = np.full((number, HEIGHT, WIDTH, 3), 90, np.uint8)
        self.frames.put(
            Chunk(pixels, self._index, revision, 0.001, self._index // 2, True, self.now())
        )
        self._index += number

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def send(self, update: ControlUpdate) -> None:
        self.sent.append(update)

    def play(self, playhead: Playhead | None) -> None:
        self.played.append(playhead)

    async def next_event(self) -> EngineEvent:
        return await self.events.get()

    def figures(self) -> StreamFigures:
        return StreamFigures(self._index, self._index // 2, 0.02, 0.1)

    def nominal_chunk_s(self) -> float:
        return 0.001

    async def park(self, *, max_bytes: int) -> int:
        self.parked_with.append(max_bytes)
        return self.state_bytes if self.state_bytes <= max_bytes else 0

    async def resume(self) -> None:
        await asyncio.sleep(0)
        if self.trouble is not None:
            raise self.trouble
        self.resumed += 1

    def stop(self, reason: StopReason, error: Any = None) -> None:
        """The engine ends the stream."""
        self.frames.close()
        self.events.put_nowait(StreamStopped(self.id, reason, error))

    async def aclose(self) -> None:
        self.closed += 1
        self.frames.close()


@pytest.fixture
def handle() -> FakeHandle:
    return FakeHandle()


@pytest.fixture
def make_handle() -> type[FakeHandle]:
    return FakeHandle


@pytest.fixture
def make_peer() -> type[FakePeer]:
    return FakePeer


@pytest.fixture
def until() -> Callable[..., Any]:
    async def wait(done: Callable[[], Any]) -> None:
        async with asyncio.timeout(5):
            while not done():  # noqa: ASYNC110 - nobody announces it
                await asyncio.sleep(0.002)

    return wait

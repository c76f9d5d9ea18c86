"""A performer who plays a stream of a real engine, and an audience that hashes it."""

import asyncio
import hashlib
import random
from dataclasses import dataclass, field
from typing import Any

from scope.clock import MonotonicClock
from scope.control import ControlUpdate, PromptItem, PromptMix, Transition
from scope.engine.api import Engine, LoadRequest, OpenRequest, Playhead, StreamHandle
from scope.events import ChunksUndone, EngineEvent, UpdateRejected, UpdateTaken
from scope.frames import Pixels
from scope.pipelines.testcard import BLOCK
from scope.protocol.timeline import Timeline
from scope.sessions.timeline import EventLog

WORDS = ("a calm sea", "a stormy sea at night", "mountains in snow", "a city at dusk")
FIRST = ControlUpdate(revision=0, prompts=PromptMix((PromptItem(WORDS[0]),)))
MOST_BYTES = 2**28


def comparable(pipeline_id: str, pixels: Pixels) -> bytes:
    """What two equal runs share: the test card stamps the time into its last rows."""
    return (pixels[:-BLOCK] if pipeline_id == "testcard" else pixels).tobytes()


@dataclass
class Live:
    """A stream that is played and written down."""

    handle: StreamHandle
    log: EventLog
    seen: list[bytes] = field(default_factory=list)
    chunks: int = 0
    refused: list[UpdateRejected] = field(default_factory=list)
    sent: int = 0

    def send(self, **update: Any) -> None:
        self.sent += 1
        self.handle.send(ControlUpdate(revision=self.sent, **update))

    async def watch(self, frames: int) -> None:
        for _ in range(frames):
            frame = await self.handle.frames.get()
            picture = comparable(self.handle.pipeline_id, frame.pixels)
            self.seen.append(hashlib.sha256(picture).digest())
            self.chunks = frame.chunk + 1
            self.handle.frames.done(frame.index)

    async def ahead(self, chunks: int) -> None:
        """Wait until so much is made and not shown, so that there is something to undo."""
        while len(self.handle.frames) < chunks * self.handle.chunk_frames:  # noqa: ASYNC110
            await asyncio.sleep(0.001)  # a buffer tells one reader only

    async def listen(self) -> None:
        while True:
            self.hear(await self.handle.next_event())

    def hear(self, event: EngineEvent) -> None:
        if isinstance(event, UpdateTaken):
            self.log.taken(event)
        elif isinstance(event, ChunksUndone):
            self.log.undone(event)
        elif isinstance(event, UpdateRejected):
            self.refused.append(event)

    def timeline(self) -> Timeline:
        return self.log.timeline(frames=len(self.seen), chunks=self.chunks)


async def opened(engine: Engine, pipeline_id: str, **load: Any) -> Live:
    await engine.load(LoadRequest(pipeline_id, load))
    status = await engine.settled()
    assert status.state == "loaded", status.error
    handle = await engine.open(OpenRequest("live", seed=11, initial=FIRST))
    as_fast_as_room_allows(handle)
    return Live(handle, EventLog(handle, initial=FIRST, default=PromptMix()))


def as_fast_as_room_allows(handle: StreamHandle) -> None:
    handle.play(Playhead(10**9, MonotonicClock().now(), 1e-6))


async def perform(live: Live, *, frames: int, updates: int, changes: list[dict[str, Any]]) -> None:
    """Watch `frames` pictures while `updates` changes come at odd moments, some to act now,
    and in the middle move the whole state out of the worker and back.
    """
    dice = random.Random(5)
    moments = sorted(dice.sample(range(1, frames - 1), updates))
    listening = asyncio.create_task(live.listen())
    for number, moment in enumerate(moments):
        await live.watch(moment - len(live.seen))
        now = number % 3 == 0
        if now:
            await live.ahead(2)
        live.send(**gesture(dice, changes), apply_now=now)
        if number == updates // 2:
            await live.handle.park(max_bytes=MOST_BYTES)
            await live.handle.resume()
            as_fast_as_room_allows(live.handle)
    await live.watch(frames - len(live.seen))
    listening.cancel()


def gesture(dice: random.Random, changes: list[dict[str, Any]]) -> dict[str, Any]:
    """One thing a performer does."""
    mix = PromptMix(
        tuple(PromptItem(words, dice.random()) for words in dice.sample(WORDS, dice.randint(1, 2))),
        dice.choice(["linear", "slerp"]),
    )
    return dice.choice(
        [
            {"prompts": mix},
            {"prompts": mix, "changes": dice.choice(changes)},
            {"transition": Transition(mix, dice.randint(0, 9), dice.choice(["linear", "slerp"]))},
            {"method": dice.choice(["linear", "slerp"])},
            {"changes": dice.choice(changes)},
            {"seed": dice.randrange(2**32)},
            {"reset": True},
            {"paused": False},
        ]
    )

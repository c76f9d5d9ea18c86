"""A performance that was written down is played again, picture for picture."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from scope.clock import MonotonicClock
from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.inline_engine import InlineEngine
from scope.engine.live_stream import LiveStream
from scope.engine.process_engine import ProcessEngine
from scope.frames import Frame
from scope.media.encoder import EncoderPool
from scope.pipelines.registry import PipelineRef
from scope.protocol.timeline import Timeline, read_timeline
from scope.sessions.ending import WISHED
from scope.sessions.offline import stage
from scope.sessions.score import differences
from scope.sessions.table import SessionTable, TableLimits
from tests.contract.performances import Live, comparable, opened, perform

FILE = Path(__file__).parent / "engine_pipelines.py"
REFS = {
    "noise": PipelineRef(f"{FILE}:Noise", "noise"),
    "testcard": PipelineRef("scope.pipelines.testcard:TestCard", "testcard"),
    "vista": PipelineRef("scope.pipelines.vista.pipeline:Vista", "vista"),
}
STEPS = [{"denoising_step_list": [1000, 500]}, {"denoising_step_list": [1000]}]
CHANGES: dict[str, list[dict[str, Any]]] = {
    "noise": [{"gain": 3}, {"gain": 7}, *STEPS, {"manage_cache": False}],
    "testcard": [{}],
    "vista": [*STEPS, {"manage_cache": True}],
}
LOADS: dict[str, dict[str, Any]] = {
    "noise": {},
    "testcard": {"width": 512, "height": 128, "frames": 3},
    "vista": {},
}


async def performed(
    pipeline_id: str, *, seconds: float, updates: int, home: type[Any] = InlineEngine
) -> tuple[Timeline, list[bytes]]:
    """A performance, and what it looked like."""
    engine = home([REFS[pipeline_id]])
    await engine.start()
    try:
        live: Live = await opened(engine, pipeline_id, **LOADS[pipeline_id])
        frames = round(seconds * live.handle.format.fps)
        await perform(live, frames=frames, updates=updates, changes=CHANGES[pipeline_id])
        assert not live.refused
        return live.timeline(), live.seen
    finally:
        await engine.aclose()


async def replayed(pipeline_id: str, timeline: Timeline) -> list[bytes]:
    assert timeline.pipeline
    async with stage([REFS[pipeline_id]]) as place:
        await place.load(timeline.pipeline.load_params)
        score = place.score(timeline, {})
        assert not score.ignored
        async with place.perform(score) as performance:
            assert differences(timeline, here=performance.head) == []
            return [
                hashlib.sha256(comparable(pipeline_id, pixels)).digest()
                async for pixels in performance.frames(score.frames or 0)
            ]


async def replays_exactly(pipeline_id: str, **performance: Any) -> Timeline:
    timeline, seen = await performed(pipeline_id, **performance)
    again = await replayed(pipeline_id, read_timeline(json.dumps(timeline.as_json())))
    assert len(again) == len(seen)
    pairs = zip(seen, again, strict=True)
    differing = [number for number, (then, now) in enumerate(pairs) if then != now]
    assert not differing, f"{len(differing)} pictures differ, the first is {differing[0]}"
    return timeline


@pytest.mark.parametrize(
    ("pipeline_id", "home"),
    [("noise", InlineEngine), ("noise", ProcessEngine), ("testcard", InlineEngine)],
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
def test_two_minutes_with_fifty_updates(pipeline_id: str, home: type[Any]) -> None:
    timeline = asyncio.run(replays_exactly(pipeline_id, seconds=120, updates=50, home=home))
    assert timeline.rollbacks > 3
    assert len(timeline.events) > 25


def test_vista_for_a_few_seconds() -> None:
    timeline = asyncio.run(replays_exactly("vista", seconds=3, updates=6))
    assert timeline.rollbacks > 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_vista_for_two_minutes() -> None:
    timeline = asyncio.run(replays_exactly("vista", seconds=120, updates=50))
    assert timeline.rollbacks > 3


class Watched(InlineEngine):
    """Hashes every picture that is taken from a stream."""

    seen: list[bytes]
    news: asyncio.Event

    async def open(self, request: OpenRequest) -> LiveStream:
        stream = await super().open(request)
        self.seen, self.news, take = [], asyncio.Event(), stream.frames.get_nowait

        def taken() -> Frame | None:
            frame = take()
            if frame is not None:
                self.seen.append(hashlib.sha256(comparable("noise", frame.pixels)).digest())
                self.news.set()
            return frame

        stream.frames.get_nowait = taken  # type: ignore[method-assign]
        return stream


def test_a_session_without_a_peer_plays_the_same_pictures() -> None:
    async def scenario() -> None:
        timeline, seen = await performed("noise", seconds=3, updates=12)
        engine = Watched([REFS["noise"]])
        pool = EncoderPool(1)
        table = SessionTable(
            engine=engine,
            peers=lambda *_: pytest.fail("nobody comes"),  # type: ignore[arg-type]
            pool=pool,
            clock=MonotonicClock(),
            limits=TableLimits(),
        )
        await engine.start()
        await engine.load(LoadRequest("noise", {}))
        await engine.settled()
        session, _ = await table.play(timeline, {}, named=("noise",))
        async with asyncio.timeout(30):
            while len(engine.seen) < len(seen):
                engine.news.clear()
                await engine.news.wait()
        assert engine.seen[: len(seen)] == seen
        again = session.timeline()
        assert (again.seed, again.initial) == (timeline.seed, timeline.initial)
        session.end(WISHED)
        await table.aclose()
        await engine.aclose()
        pool.close()

    asyncio.run(scenario())

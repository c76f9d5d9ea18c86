"""A timeline is judged beside the loop, by what is loaded then and still is afterwards."""

import asyncio
from typing import Any

import pytest

from scope.errors import InvalidParameters, PipelineNotLoaded, WorkerLost
from scope.events import EngineStatus
from scope.frames import VideoFormat
from scope.pipelines.contract import PipelineSpec
from scope.protocol.timeline import timeline_of
from scope.sessions import judging
from scope.sessions.judging import judged
from scope.sessions.readiness import Readiness

pytestmark = pytest.mark.anyio
SPEC = PipelineSpec("fake", "Fake", "", "1", {"properties": {"gain": {}}}, {})
LOADED = EngineStatus(
    state="loaded", pipeline_id="fake", format=VideoFormat(64, 32, 16.0), chunk_frames=4
)


class Engine:
    """An engine with whatever the test says is loaded."""

    now = LOADED

    def status(self) -> EngineStatus:
        return self.now

    def catalog(self) -> dict[str, PipelineSpec]:
        return {"fake": SPEC}


async def judge(engine: Any, events: Any, **parameters: Any) -> Any:
    ready = Readiness(engine, resolve=str)
    return await judged(timeline_of(events), parameters, engine=engine, ready=ready, named=None)


async def test_what_plays_it_and_how() -> None:
    events = [{"at_s": 0.5, "prompts": ["later"]}]
    spec, score = await judge(Engine(), events, gain=0.5)
    assert spec is SPEC
    assert score.decoded.update.changes == {"gain": 0.5}
    assert score.script[0].frame == 8


async def test_what_is_wrong_with_it_is_told() -> None:
    with pytest.raises(InvalidParameters):
        await judge(Engine(), [], seed=-1)
    engine = Engine()
    engine.now = EngineStatus()
    with pytest.raises(PipelineNotLoaded):
        await judge(engine, [])
    engine.now = EngineStatus(state="loaded", pipeline_id="fake")
    with pytest.raises(WorkerLost):
        await judge(engine, [])


async def test_a_pipeline_that_is_replaced_meanwhile_is_not_played(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, loop, real = Engine(), asyncio.get_running_loop(), judging.score_of

    def replace_it() -> None:
        engine.now = EngineStatus(
            state="loaded", pipeline_id="fake", format=VideoFormat(16, 16, 1.0), chunk_frames=4
        )

    def slowly(*timeline: Any, **more: Any) -> Any:
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()  # not on the thread that serves everybody
        loop.call_soon_threadsafe(replace_it)
        return real(*timeline, **more)

    monkeypatch.setattr(judging, "score_of", slowly)
    with pytest.raises(WorkerLost):
        await judge(engine, [])

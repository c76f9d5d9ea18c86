"""Playing without a server."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from scope.errors import InvalidParameters, LoadFailed, ScopeError
from scope.pipelines.registry import PipelineRef
from scope.protocol.timeline import Timeline, timeline_of
from scope.sessions.offline import stage

FILE = Path(__file__).parents[1] / "contract" / "engine_pipelines.py"
NOISE = PipelineRef(f"{FILE}:Noise", "noise")


def run(work: Coroutine[Any, Any, Any]) -> Any:
    async def bounded() -> Any:
        async with asyncio.timeout(30):
            return await work

    return asyncio.run(bounded())


async def played(timeline: Any, count: int, **load: Any) -> tuple[Timeline, list[bytes]]:
    async with stage([NOISE]) as place:
        await place.load(load)
        score = place.score(timeline_of(timeline), {})
        async with place.perform(score) as performance:
            frames = [pixels.tobytes() async for pixels in performance.frames(count)]
            return performance.head, frames


def test_as_many_pictures_as_asked_for_and_the_same_every_time() -> None:
    timeline = [{"at_s": 0.2, "prompts": ["a"]}]
    head, frames = run(played(timeline, 50, width=32))
    assert len(set(frames)) == 50
    assert (head.width, head.seed) == (32, 0)
    assert run(played(timeline, 50, width=32))[1] == frames


def test_an_event_is_in_the_picture_it_is_written_for_and_not_before() -> None:
    plain = run(played([], 24))[1]
    changed = run(played([{"at_s": 0.3, "prompts": ["a"]}], 24))[1]
    differing = [n for n, (a, b) in enumerate(zip(plain, changed, strict=True)) if a != b]
    assert differing[0] == 12  # 0.3 s at 40 fps


def test_nothing_is_made_beyond_the_last_picture() -> None:
    async def work() -> None:
        async with stage([NOISE]) as place:
            await place.load({})
            async with place.perform(place.score(Timeline(), {})) as performance:
                async for _ in performance.frames(9):
                    pass
                await asyncio.sleep(0)
                assert performance.chunks_made <= 3

    run(work())


def test_what_can_not_be_played_says_why() -> None:
    async def broken() -> None:
        async with stage([PipelineRef("nowhere:Nothing", "gone")]):
            pass

    with pytest.raises(LoadFailed, match="nowhere"):
        run(broken())
    with pytest.raises(InvalidParameters, match="width"):
        run(played([], 1, width=1))
    with pytest.raises(ScopeError, match="torn"):
        run(played([], 1, fault="raise"))
    with pytest.raises(InvalidParameters, match="gain"):
        run(played([{"at_s": 0, "gain": 99}], 1))
    with pytest.raises(ScopeError, match="cosmic ray"):
        run(played([{"at_s": 0.3, "fault": "raise"}], 99))

import asyncio
from pathlib import Path

import pytest

from scope.engine.api import LoadRequest
from scope.engine.process_engine import ProcessEngine
from scope.engine.supervisor import Patience
from scope.errors import WorkerLost
from scope.pipelines.registry import PipelineRef


def test_a_child_that_does_not_come_up_in_time_is_an_error_of_the_start(
    noise_ref: PipelineRef,
) -> None:
    async def scenario() -> None:
        engine = ProcessEngine([noise_ref], patience=Patience(start_s=0.01))
        with pytest.raises(WorkerLost, match="does not start"):
            await engine.start()
        await engine.aclose()

    asyncio.run(scenario())


def test_a_load_does_not_wait_for_a_long_back_off(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        engine = ProcessEngine([noise_ref], patience=Patience(answer_s=12))
        await engine.start()
        for _ in range(6):
            engine._backoff.lost(0.0)  # the next one would wait for 16 s
        child = engine._child
        assert child
        child.kill()
        await child.gone.wait()
        await asyncio.wait_for(engine.load(LoadRequest("noise")), 12)
        assert (await engine.settled()).state == "loaded"
        await engine.aclose()

    asyncio.run(scenario())


def test_a_load_waits_for_a_child_that_starts_slowly(
    noise_ref: PipelineRef, tmp_path: Path
) -> None:
    slow = tmp_path / "slow.py"
    source, _, name = noise_ref.target.rpartition(":")
    slow.write_text(f"import time\n\ntime.sleep(3)\n{Path(source).read_text()}")

    async def scenario() -> None:
        engine = ProcessEngine(
            [PipelineRef(f"{slow}:{name}", "noise")], patience=Patience(answer_s=1.0)
        )
        await engine.start()
        child = engine._child
        assert child
        child.kill()
        await child.gone.wait()
        await engine.load(LoadRequest("noise"))
        assert (await engine.settled()).state == "loaded"
        await engine.aclose()

    asyncio.run(scenario())


def test_closing_may_be_done_at_any_time_and_twice(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        engine = ProcessEngine([noise_ref])
        await engine.aclose()
        engine = ProcessEngine([noise_ref])
        starting = asyncio.create_task(engine.start())
        await asyncio.sleep(0)
        await engine.aclose()
        await engine.aclose()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    asyncio.run(scenario())

import asyncio

import pytest

from scope.control import ControlUpdate
from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.inline_engine import InlineEngine
from scope.errors import WorkerLost
from scope.events import StopReason, StreamStopped
from scope.pipelines.registry import PipelineRef


def test_before_the_start_there_is_no_worker(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        engine = InlineEngine([noise_ref])
        assert not engine.status().worker_up
        with pytest.raises(WorkerLost):
            await engine.open(OpenRequest("a"))
        await engine.aclose()

    asyncio.run(scenario())


def test_a_thread_that_ends_ends_its_streams(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        engine = InlineEngine([noise_ref])
        await engine.start()
        await engine.load(LoadRequest("noise"))
        await engine.settled()
        initial = ControlUpdate(revision=0, changes={"fault": "exit"})
        stream = await engine.open(OpenRequest("a", initial=initial))
        stopped = await stream.next_event()
        assert isinstance(stopped, StreamStopped)
        assert stopped.reason is StopReason.WORKER_LOST
        assert not engine.status().worker_up
        await engine.unload()
        await engine.aclose()

    asyncio.run(scenario())


def test_the_worker_can_be_closed_with_a_chunk_in_progress(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        engine = InlineEngine([noise_ref])
        await engine.start()
        await engine.load(LoadRequest("noise", {"compute_ms": 50}))
        await engine.settled()
        stream = await engine.open(OpenRequest("a"))
        await stream.frames.get()
        await engine.aclose()
        assert await stream.next_event() == StreamStopped("a", StopReason.SHUTDOWN)

    asyncio.run(scenario())

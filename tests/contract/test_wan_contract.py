"""The published models through the real engine, from tiny files in their published layouts."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from scope.clock import MonotonicClock
from scope.control import ControlUpdate, PromptItem, PromptMix, Transition
from scope.engine.api import Engine, LoadRequest, OpenRequest, Playhead, StreamHandle
from scope.engine.inline_engine import InlineEngine
from scope.engine.process_engine import ProcessEngine
from scope.engine.supervisor import Patience
from scope.events import StopReason, StreamStopped
from scope.pipelines.published import WEIGHTS
from scope.pipelines.registry import PipelineRef, discover
from scope.pipelines.wan import loading
from tests.pipelines.wan.hub_cache import write_cache

LIMIT_S = 300
PATIENT = Patience(stall_s=60, start_s=120, answer_s=60)
"""Each load begins a process of its own, which imports torch; other tests may run beside it."""

SMALL = {"height": 32, "width": 32, "vae_type": "tae"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cache(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module", autouse=True)
def quiet_hub(written: Path) -> Iterator[None]:
    """Files are found without a network; one thread for tiny models, in a child too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_CACHE", str(written))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def begun(quiet_hub: None) -> Iterator[dict[str, Future[None]]]:
    """What plays in processes of its own, two at a time: a load is mostly one core's import of
    torch.
    """
    pool = ThreadPoolExecutor(2)
    plays = {pipeline_id: pool.submit(in_a_process, pipeline_id) for pipeline_id in WEIGHTS}
    yield plays | {"cramped": pool.submit(without_room)}
    pool.shutdown(cancel_futures=True)  # of those that no test asked for


def refs(pipeline_id: str) -> list[PipelineRef]:
    return [ref for ref in discover() if ref.name == pipeline_id]


def prompt(text: str) -> PromptMix:
    return PromptMix((PromptItem(text),))


def run(engine: InlineEngine | ProcessEngine, scenario: Callable[[], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        await engine.start()
        try:
            await asyncio.wait_for(scenario(), LIMIT_S)
        finally:
            await engine.aclose()

    asyncio.run(all_of_it())


async def opened(engine: Engine, pipeline_id: str) -> StreamHandle:
    await engine.load(LoadRequest(pipeline_id, SMALL))
    status = await engine.settled()
    assert status.state == "loaded", status.error
    fewer = {"denoising_step_list": [1000, 500]}
    initial = ControlUpdate(revision=0, prompts=prompt("a calm sea"), changes=fewer)
    handle = await engine.open(OpenRequest("one", seed=1, initial=initial))
    handle.play(Playhead(10**9, MonotonicClock().now(), 1e-6))
    return handle


async def until_revision(handle: StreamHandle, revision: int, frames: int = 1) -> np.ndarray:
    """The first pictures made with that revision."""
    taken: list[np.ndarray] = []
    while len(taken) < frames:
        frame = await handle.frames.get()
        if frame.revision >= revision:
            taken.append(frame.pixels.copy())
        handle.frames.done(frame.index)
    return np.stack(taken)


async def performance(engine: Engine, pipeline_id: str) -> None:
    """Load, stream, a new prompt, a transition, a reset, the end."""
    handle = await opened(engine, pipeline_id)
    first = await until_revision(handle, 0, frames=21)
    assert first.shape == (21, 32, 32, 3)
    assert first.std() > 1
    handle.send(ControlUpdate(revision=1, prompts=prompt("neon rain")))
    await until_revision(handle, 1, frames=12)
    glide = Transition(prompt("a calm sea"), num_steps=2, method="slerp")
    handle.send(ControlUpdate(revision=2, transition=glide))
    await until_revision(handle, 2, frames=24)
    handle.send(ControlUpdate(revision=3, reset=True, seed=1))
    again = await until_revision(handle, 3, frames=9)
    assert np.array_equal(again, first[:9]), "a reset begins as the stream began"
    await handle.aclose()
    while not isinstance(happened := await handle.next_event(), StreamStopped):
        pass
    assert happened.reason is StopReason.CLOSED
    await engine.unload()


def in_a_process(pipeline_id: str) -> None:
    engine = ProcessEngine(refs(pipeline_id), warm_up=False, patience=PATIENT)
    run(engine, lambda: performance(engine, pipeline_id))


@pytest.mark.timeout(2 * LIMIT_S)
@pytest.mark.parametrize("pipeline_id", list(WEIGHTS))
def test_a_published_model_plays_from_load_to_close_in_a_worker_process(
    pipeline_id: str, begun: dict[str, Future[None]]
) -> None:
    begun[pipeline_id].result()


@pytest.mark.timeout(2 * LIMIT_S)
def test_out_of_memory_in_load_and_stream_is_told_and_another_process_goes_on(
    begun: dict[str, Future[None]],
) -> None:
    begun["cramped"].result()


def test_the_same_in_the_process_of_the_server() -> None:
    engine = InlineEngine(refs("longlive"), warm_up=False)
    run(engine, lambda: performance(engine, "longlive"))


def test_a_load_without_room_names_what_fits_and_the_smaller_one_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "free_bytes", lambda device: 4 * 10**9)
    engine = InlineEngine(refs("longlive"), warm_up=False)

    async def scenario() -> None:
        await engine.load(LoadRequest("longlive", {"height": 720, "width": 1280}))
        status = await engine.settled()
        assert status.state == "error"
        assert status.error is not None
        assert "1280×720 needs about" in status.error.detail
        assert "the largest size that fits is" in status.error.detail
        await opened(engine, "longlive")

    run(engine, scenario)


def without_room() -> None:
    """The process has truly no memory left, and torch says so in its own words."""
    cramped = PipelineRef("tests.contract.cramped_pipeline:Cramped", "longlive")
    engine = ProcessEngine([cramped], patience=PATIENT)

    async def scenario() -> None:
        await engine.load(LoadRequest("longlive", {**SMALL, "height": 640, "width": 640}))
        refused = await engine.settled()
        assert refused.state == "error"
        assert refused.error is not None
        assert (refused.error.code, "allocat" in refused.error.detail) == ("out_of_memory", True)
        first = engine.worker_pid
        handle = await opened(engine, "longlive")
        second = engine.worker_pid
        await until_revision(handle, 0)
        handle.send(ControlUpdate(revision=1, prompts=prompt("a flood")))
        with pytest.raises(EOFError):  # read on: a worker whose frames nobody takes stands still
            await until_revision(handle, 1)
        while not isinstance(stopped := await handle.next_event(), StreamStopped):
            pass
        assert stopped.reason is StopReason.OUT_OF_MEMORY
        assert stopped.error is not None
        assert "you tried to allocate" in stopped.error.detail
        again = await opened(engine, "longlive")
        await until_revision(again, 0)
        assert len({first, second, engine.worker_pid}) == 3

    run(engine, scenario)

"""What only the process home promises: its child may crash, hang or be killed."""

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scope.control import ControlUpdate
from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.messages import Busy, Idle
from scope.engine.process_engine import ProcessEngine
from scope.engine.supervisor import Patience
from scope.errors import PipelineNotLoaded, StateError, WorkerLost
from scope.events import StopReason, StreamWarning


def _contract() -> ModuleType:
    """The neighbour's helpers; test files are no package."""
    path = Path(__file__).parent / "test_engine_contract.py"
    spec = importlib.util.spec_from_file_location("engine_contract_for_faults", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


contract = _contract()
REFS, loaded, opened, take = contract.REFS, contract.loaded, contract.opened, contract.take
only_stop, event, now = contract.only_stop, contract.event, contract.now
room_for_everyone = contract.room_for_everyone

IMPATIENT = Patience(stall_s=0.3, stall_medians=2, kill_factor=2, answer_s=2)
"""Only for those that hang: a busy machine lets a child that does not look like one."""
CURIOUS = Patience(stall_s=0.6, stall_medians=2, kill_factor=3, answer_s=2, ask_s=0.2)


def in_process(
    scenario: Callable[[ProcessEngine], Coroutine[Any, Any, None]], patience: Patience | None = None
) -> Callable[[], None]:
    def test() -> None:
        async def run() -> None:
            engine = ProcessEngine(REFS, patience=patience)
            await engine.start()
            try:
                await asyncio.wait_for(scenario(engine), 40)
            finally:
                await engine.aclose()

        asyncio.run(run())

    test.__name__ = scenario.__name__
    return test


def kill(engine: ProcessEngine, number: int = signal.SIGKILL) -> None:
    assert engine.worker_pid
    os.kill(engine.worker_pid, number)
    if number == signal.SIGSTOP:  # a thread on another core may still answer something
        os.waitid(os.P_PID, engine.worker_pid, os.WSTOPPED | os.WNOWAIT)


def idleness(engine: ProcessEngine) -> asyncio.Event:
    """Set while what the child last said it was busy with is over."""
    idle, hear = asyncio.Event(), engine._watch.heard

    def heard(report: Any) -> None:
        hear(report)
        if isinstance(report, Busy):
            idle.clear()
        elif isinstance(report, Idle):
            idle.set()

    engine._watch.heard = heard
    return idle


async def plays_again(engine: ProcessEngine) -> None:
    """A new stream plays once the pipeline has been loaded again."""
    status = await engine.settled()
    assert status.state == "loaded", status.error
    assert status.worker_up
    assert len(await take(await opened(engine, "again"), 8)) == 8


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_killed_child_ends_every_stream_at_once_and_a_new_one_plays(number: int) -> None:
    @in_process
    async def scenario(engine: ProcessEngine) -> None:
        await loaded(engine, width=48)
        handles = [await opened(engine, name) for name in "abc"]
        await take(handles[0], 4)
        killed_s = now()
        kill(engine, number)
        for handle in handles:
            stop = await only_stop(handle)
            assert stop.reason is StopReason.WORKER_LOST
            assert stop.error
            assert stop.error.code == "worker_lost"
            assert signal.Signals(number).name in stop.error.detail
        assert now() - killed_s <= 5
        status = engine.status()
        assert (status.worker_up, status.state, status.streams) == (False, "loading", 0)
        with pytest.raises(WorkerLost):
            await engine.open(OpenRequest("early"))
        await plays_again(engine)
        assert now() - killed_s <= 30
        assert (engine.status().load_params or {})["width"] == 48

    scenario()


@pytest.mark.parametrize("fault", ["kill", "exit"])
def test_a_step_that_takes_the_child_down_is_a_lost_worker(fault: str) -> None:
    @in_process
    async def scenario(engine: ProcessEngine) -> None:
        await loaded(engine)
        handle = await opened(engine, fault=fault)
        assert (await only_stop(handle)).reason is StopReason.WORKER_LOST
        await plays_again(engine)

    scenario()


@in_process
async def test_a_parked_stream_goes_on_in_the_child_that_replaces_a_killed_one(
    engine: ProcessEngine,
) -> None:
    await loaded(engine)
    straight = await take(await opened(engine, "b", seed=3), 40)
    handle = await contract.opened_ahead(engine, "a", 3, made=12)
    held = await contract.opened_ahead(engine, "c", 3, made=12)
    shown = await take(handle, 6)
    assert await handle.park(max_bytes=2**20)
    assert await held.park(max_bytes=0) == 0
    kill(engine)
    assert (await only_stop(held)).reason is StopReason.WORKER_LOST
    await plays_again(engine)
    await handle.resume()
    contract.play(handle)
    assert contract.same(shown + await take(handle, 34), straight)


@partial(in_process, patience=IMPATIENT)
async def test_a_child_that_hangs_is_stalled_then_killed_and_replaced(
    engine: ProcessEngine,
) -> None:
    await loaded(engine)
    other = await opened(engine, "b")
    await take(other, 8)
    began_s = now()
    handle = await opened(engine, "a", fault="hang")
    warning = await event(handle, StreamWarning)
    assert warning.error.code == "worker_stalled"
    assert engine.status().state == "loaded"  # asking does not wait for the worker
    for each in (handle, other):
        stop = await only_stop(each)
        assert stop.reason is StopReason.WORKER_LOST
        assert stop.error
        assert "hung" in stop.error.detail
    assert now() - began_s <= 10
    await plays_again(engine)


async def ends_lost(handle: Any, why: str) -> None:
    """It is told that it has to wait, and then that its worker is lost."""
    warning = await event(handle, StreamWarning)
    assert warning.error.code == "worker_stalled"
    stop = await only_stop(handle)
    assert stop.reason is StopReason.WORKER_LOST
    assert stop.error
    assert why in stop.error.detail


@partial(in_process, patience=IMPATIENT)
async def test_a_child_that_hangs_in_a_dump_is_noticed_like_one_that_hangs_in_a_chunk(
    engine: ProcessEngine,
) -> None:
    await loaded(engine, fault="dump")
    other, handle = await opened(engine, "b"), await opened(engine, "a")
    await take(handle, 8)
    parking = asyncio.create_task(handle.park(max_bytes=2**20))
    for each in (handle, other):
        await ends_lost(each, "hung in the dump")
    with pytest.raises(StateError):
        await parking
    await plays_again(engine)


@partial(in_process, patience=IMPATIENT)
async def test_a_child_that_hangs_over_an_update_is_noticed_too(engine: ProcessEngine) -> None:
    await loaded(engine, fault="slow judge")
    other, handle = [await contract.opened_ahead(engine, name, 3, made=12) for name in "ba"]
    handle.send(ControlUpdate(revision=1, changes={"gain": 7}))
    for each in (handle, other):
        await ends_lost(each, "hung in an update")
    await plays_again(engine)


def test_a_child_that_is_stopped_while_it_has_nothing_to_do_is_noticed() -> None:
    async def scenario(engine: ProcessEngine) -> None:
        await loaded(engine)
        handle = await contract.opened_ahead(engine, "a", 3, made=12)
        idle = idleness(engine)
        await handle.dump()  # and whatever it was busy with before is over
        await idle.wait()  # which it says after its answer
        first = engine.worker_pid
        kill(engine, signal.SIGSTOP)
        late = await engine.open(OpenRequest("b"))
        for each in (handle, late):
            await ends_lost(each, "did not answer")
        await plays_again(engine)
        assert engine.worker_pid != first

    in_process(scenario, CURIOUS)()


def test_a_load_that_lets_no_other_thread_run_for_a_while_is_no_fault() -> None:
    async def scenario(engine: ProcessEngine) -> None:
        first = engine.worker_pid
        await loaded(engine, fault="hold")  # for longer than a chunk might take
        assert engine.worker_pid == first
        await plays_again(engine)

    in_process(scenario, CURIOUS)()


@partial(in_process, patience=IMPATIENT)
async def test_a_child_stopped_by_a_signal_counts_as_hanging(engine: ProcessEngine) -> None:
    await loaded(engine, compute_ms=20)
    handle = await opened(engine)
    await take(handle, 4)
    # Stop it in the middle of a chunk: between chunks nothing is in progress to wait for.
    await take(handle, 40)
    kill(engine, signal.SIGSTOP)
    await engine.load(LoadRequest("other"))
    assert (await only_stop(handle)).reason in (StopReason.RELOADED, StopReason.WORKER_LOST)
    status = await engine.settled()
    assert (status.state, status.pipeline_id) == ("loaded", "other")


@partial(in_process, patience=IMPATIENT)
async def test_what_a_replaced_child_had_loaded_is_loading_until_the_next_one_has_it(
    engine: ProcessEngine,
) -> None:
    await loaded(engine, compute_ms=400)
    first = engine.worker_pid
    kill(engine, signal.SIGSTOP)
    await engine.check(LoadRequest("other"))
    assert engine.worker_pid != first
    assert engine.status().state == "loading"
    with pytest.raises(PipelineNotLoaded):
        await engine.open(OpenRequest("early"))
    await plays_again(engine)


@pytest.mark.parametrize(("fault", "end"), [("kill", "by SIGKILL"), ("exit", "exit status 3")])
def test_a_load_that_takes_the_child_down_is_an_error_and_not_tried_again(
    fault: str, end: str
) -> None:
    @in_process
    async def scenario(engine: ProcessEngine) -> None:
        await engine.load(LoadRequest("noise", {"fault": fault}))
        status = await engine.settled()
        assert status.state == "error"
        assert status.error
        assert status.error.code == "worker_lost"
        assert end in status.error.detail
        with pytest.raises((WorkerLost, PipelineNotLoaded)):
            await engine.open(OpenRequest("a"))
        await loaded(engine)

    scenario()


@contextmanager
def unknown_here(file: str) -> Iterator[None]:
    """Without the modules of that file, which an engine without a process may have left behind."""
    found = [
        name
        for name, module in sys.modules.items()
        if (getattr(module, "__file__", None) or "").endswith(file)
    ]
    hidden = {name: sys.modules.pop(name) for name in found}
    try:
        yield
    finally:
        sys.modules.update(hidden)


@in_process
async def test_a_child_that_says_what_nobody_can_read_is_ended_and_told_of(
    engine: ProcessEngine,
) -> None:
    pid = engine.worker_pid
    with unknown_here("engine_pipelines.py"):
        await engine.load(LoadRequest("noise", {"fault": "stranger"}))
        status = await engine.settled()
    assert status.state == "error"
    assert status.error
    assert status.error.code == "worker_lost"
    assert "ModuleNotFoundError" in status.error.detail
    assert pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await loaded(engine)
    await plays_again(engine)


@in_process
async def test_a_load_is_not_waited_for_by_status_questions_or_an_unload(
    engine: ProcessEngine,
) -> None:
    await engine.load(LoadRequest("noise", {"fault": "hang"}))
    while engine.status().stage != "hanging":  # noqa: ASYNC110 - a status has no event
        await asyncio.sleep(0.01)
    began_s = now()
    with pytest.raises(contract.InvalidParameters):
        await engine.load(LoadRequest("noise", {"width": 1}))
    await engine.unload()
    assert now() - began_s <= 10
    assert engine.status().state == "not_loaded"
    await loaded(engine)


@in_process
async def test_an_unload_and_a_load_give_the_memory_back_by_a_new_child(
    engine: ProcessEngine,
) -> None:
    await loaded(engine)
    first = engine.worker_pid
    await loaded(engine, "other")
    second = engine.worker_pid
    await engine.unload()
    await loaded(engine)
    assert len({first, second, engine.worker_pid}) == 3
    assert first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


@in_process
async def test_after_out_of_memory_a_new_child_starts_once_the_last_stream_has_ended(
    engine: ProcessEngine,
) -> None:
    await loaded(engine)
    first = engine.worker_pid
    other = await opened(engine, "other")
    handle = await opened(engine, fault="oom")
    assert (await only_stop(handle)).reason is StopReason.OUT_OF_MEMORY
    assert len(await take(other, 20)) == 20
    assert engine.worker_pid == first
    await other.aclose()
    await plays_again(engine)
    assert engine.worker_pid != first


@in_process
async def test_a_third_out_of_memory_in_ten_minutes_is_an_error(engine: ProcessEngine) -> None:
    await loaded(engine)
    for _ in range(3):
        assert (await engine.settled()).state == "loaded"
        assert (await only_stop(await opened(engine, fault="oom"))).error
    status = await engine.settled()
    assert status.state == "error"
    assert status.error
    assert status.error.code == "out_of_memory"
    await loaded(engine)
    await plays_again(engine)


@in_process
async def test_ctrl_c_and_sigterm_are_the_parents_business(engine: ProcessEngine) -> None:
    await loaded(engine)
    handle = await opened(engine)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        kill(engine, number)
    assert len(await take(handle, 100)) == 100


def test_the_child_knows_no_server() -> None:
    code = "import sys, scope.engine.child; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = set(done.stdout.split())
    assert not names & {"fastapi", "aiortc", "av", "scope.server.app", "uvicorn", "torch"}


def mapped_rings() -> int:
    return Path("/proc/self/maps").read_text().count("scope-frames")


def test_streams_and_children_leave_nothing_behind() -> None:
    shm_before = set(os.listdir("/dev/shm"))

    async def cycle(engine: ProcessEngine, rounds: int) -> None:
        for _ in range(rounds):
            handle = await opened(engine)
            await take(handle, 4)
            await handle.aclose()
            await only_stop(handle)

    async def run() -> None:
        engine = ProcessEngine(REFS)
        await engine.start()
        await loaded(engine)
        await cycle(engine, 5)
        pid = engine.worker_pid
        descriptors = len(os.listdir("/proc/self/fd")), len(os.listdir(f"/proc/{pid}/fd"))
        rings = mapped_rings()
        await cycle(engine, 60)
        assert mapped_rings() <= rings
        after = len(os.listdir("/proc/self/fd")), len(os.listdir(f"/proc/{pid}/fd"))
        assert after[0] <= descriptors[0] + 1
        assert after[1] <= descriptors[1] + 1
        kill(engine)
        await engine.aclose()

    descriptors = len(os.listdir("/proc/self/fd"))
    threads = threading.active_count()
    asyncio.run(run())
    assert set(os.listdir("/dev/shm")) == shm_before
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    until_s = now() + 5
    while threading.active_count() > threads and now() < until_s:
        for thread in threading.enumerate():
            if thread.name.startswith("scope-"):
                thread.join(1)
    assert threading.active_count() <= threads


HOST = """
    import asyncio, sys, time
    from scope.engine.api import LoadRequest, OpenRequest, Playhead
    from scope.engine.process_engine import ProcessEngine
    from scope.pipelines.registry import PipelineRef

    async def main():
        engine = ProcessEngine([PipelineRef(sys.argv[1] + ":Noise", "noise")])
        await engine.start()
        await engine.load(LoadRequest("noise"))
        await engine.settled()
        stream = await engine.open(OpenRequest("a"))
        await stream.frames.get()
        print(engine.worker_pid, flush=True)
        if sys.argv[2] == "close":
            await engine.aclose()
        elif sys.argv[2] == "wait":
            await asyncio.sleep(3600)

    asyncio.run(main())
"""


@pytest.mark.parametrize("end", ["wait", "close", "fall off"])
def test_the_child_ends_with_its_parent_and_nothing_is_printed(end: str, tmp_path: Path) -> None:
    script = tmp_path / "host.py"
    script.write_text(textwrap.dedent(HOST))
    shm_before = set(os.listdir("/dev/shm"))
    host = subprocess.Popen(
        [sys.executable, "-W", "error", str(script), str(contract.FILE), end],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert host.stdout
    assert host.stderr
    try:
        pid = int(host.stdout.readline())
        if end == "wait":
            host.kill()
        host.wait(20)
        until_s = now() + 5
        while Path(f"/proc/{pid}/stat").exists() and now() < until_s:
            time.sleep(0.02)
        assert not Path(f"/proc/{pid}/stat").exists()
        assert host.stderr.read() == ""
    finally:
        host.kill()
        host.wait()
        host.stdout.close()
        host.stderr.close()
    assert set(os.listdir("/dev/shm")) == shm_before


@in_process
async def test_the_loop_is_never_held_up(engine: ProcessEngine) -> None:
    """Longer than a thread of the same process is, which has nothing to do."""
    await loaded(engine, width=512, frames=12, fps=60)
    worst_s, idle_s = 0.0, 0.0
    running = True

    async def measure() -> None:
        nonlocal worst_s
        while running:
            before_s = now()
            await asyncio.sleep(0.001)
            worst_s = max(worst_s, now() - before_s - 0.001)

    def measure_machine() -> None:
        nonlocal idle_s
        while running:
            before_s = now()
            time.sleep(0.001)
            idle_s = max(idle_s, now() - before_s - 0.001)

    watcher = asyncio.create_task(measure())
    floor = asyncio.create_task(asyncio.to_thread(measure_machine))
    for _ in range(3):
        handle = await opened(engine)
        await take(handle, 60)
        await handle.aclose()
    handle = await opened(engine)
    kill(engine)
    await only_stop(handle)
    await plays_again(engine)
    running = False
    await asyncio.gather(watcher, floor)
    assert worst_s <= 0.1 + 2 * idle_s

import asyncio
import errno
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scope.engine.child_process import ChildProcess
from scope.engine.messages import Hello, Ready, Report, Stop, Wake
from scope.engine.pixel_ring import RingShape, new_memory
from scope.pipelines.registry import PipelineRef


class Listener:
    def __init__(self, ref: PipelineRef, kind: type[ChildProcess] = ChildProcess) -> None:
        self.reports: list[Report] = []
        self.ends: list[str] = []
        self.ready = asyncio.Event()
        hello = Hello(((ref.target, ref.name),), tuple(sys.path), "cpu", warm_up=False)
        self.child = kind(hello=hello, heard=self.heard, ended=self.ended)

    def heard(self, child: ChildProcess, report: Report) -> None:
        self.reports.append(report)
        self.ready.set()

    def ended(self, child: ChildProcess, reason: str) -> None:
        self.ends.append(reason)


def test_a_child_speaks_and_ends_when_told(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        listener = Listener(noise_ref)
        await asyncio.wait_for(listener.ready.wait(), 20)
        assert isinstance(listener.reports[0], Ready)
        listener.child.post(Stop())
        await asyncio.wait_for(listener.child.gone.wait(), 20)
        assert listener.ends == ["The worker process ended with exit status 0."]

    asyncio.run(scenario())


def test_the_end_names_the_signal(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        listener = Listener(noise_ref)
        await asyncio.wait_for(listener.ready.wait(), 20)
        assert listener.child.pid
        os.kill(listener.child.pid, signal.SIGSEGV)
        await asyncio.wait_for(listener.child.gone.wait(), 20)
        assert listener.ends == ["The worker process was ended by SIGSEGV."]
        listener.child.kill()

    asyncio.run(scenario())


def test_one_killed_before_it_began_ends_too(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        listener = Listener(noise_ref)
        listener.child.kill()
        await asyncio.wait_for(listener.child.gone.wait(), 20)
        assert len(listener.ends) == 1

    asyncio.run(scenario())


class DeadBeforeItIsHeard(ChildProcess):
    """Killed, and known to be dead, before anybody waits for what it says."""

    def _attend(self, ours: socket.socket, memory: socket.socket) -> str:
        assert self._process
        self._process.kill()
        self._process.wait()
        return super()._attend(ours, memory)


def test_one_that_is_dead_before_it_is_heard_ends_too(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        listener = Listener(noise_ref, DeadBeforeItIsHeard)
        await asyncio.wait_for(listener.child.gone.wait(), 20)
        assert listener.ends == ["The worker process was ended by SIGKILL."]

    asyncio.run(scenario())


def test_a_descriptor_posted_to_a_child_that_is_gone_is_closed(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        listener = Listener(noise_ref)
        listener.child.kill()
        await asyncio.wait_for(listener.child.gone.wait(), 20)
        memory = new_memory(RingShape(1, 2, 2))
        listener.child.post(Wake(), memory)
        try:
            os.fstat(memory)
        except OSError:
            return
        raise AssertionError("the descriptor is still open")

    asyncio.run(scenario())


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_that_can_not_be_given_a_pipe_ends_too(noise_ref: PipelineRef) -> None:
    async def scenario() -> None:
        with no_descriptor_left():
            listener = Listener(noise_ref)
            await asyncio.wait_for(listener.child.gone.wait(), 20)
        (reason,) = listener.ends
        assert "Too many open files" in reason

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["scope-child", "scope-child-writer"])
def test_one_that_can_not_be_given_a_thread_ends_too(
    noise_ref: PipelineRef, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    start = threading.Thread.start

    def fail(thread: threading.Thread) -> None:
        if thread.name == name:
            raise RuntimeError("can't start new thread")
        start(thread)

    async def scenario() -> None:
        monkeypatch.setattr(threading.Thread, "start", fail)
        listener = Listener(noise_ref)
        await asyncio.wait_for(listener.child.gone.wait(), 20)
        (reason,) = listener.ends
        assert "can't start new thread" in reason
        if listener.child.pid is not None:
            with pytest.raises(ProcessLookupError):
                os.kill(listener.child.pid, 0)

    asyncio.run(scenario())


def test_the_end_is_seen_where_the_kernel_refuses_to_tell_of_it(
    noise_ref: PipelineRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(pid: int) -> int:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    async def scenario() -> None:
        monkeypatch.setattr(os, "pidfd_open", refuse)
        listener = Listener(noise_ref)
        await asyncio.wait_for(listener.ready.wait(), 20)
        assert listener.child.pid
        os.kill(listener.child.pid, signal.SIGKILL)
        await asyncio.wait_for(listener.child.gone.wait(), 20)
        assert listener.ends == ["The worker process was ended by SIGKILL."]

    asyncio.run(scenario())

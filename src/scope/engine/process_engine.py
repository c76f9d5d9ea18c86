"""The engine in a child process that may crash, hang or be killed without harm.

Decides the lives of the child: when one is started, given a pipeline, given up and
replaced. A load always gets a child that has loaded nothing before, and an unload ends the
child: that is the only sure way to give a device's memory back. Lives on the event loop and
never blocks it.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from scope.clock import Clock, MonotonicClock
from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.child_process import ChildProcess
from scope.engine.child_watch import ChildWatch
from scope.engine.front import Capacity, Front
from scope.engine.live_stream import LiveStream
from scope.engine.messages import (
    Checked,
    Command,
    Hail,
    Hello,
    Made,
    Ready,
    Report,
    Stop,
)
from scope.engine.questions import NoAnswer, Questions
from scope.engine.shared_streams import SharedStreams
from scope.engine.supervisor import Backoff, Patience, Shortages
from scope.engine.wanted import Wanted
from scope.errors import OutOfMemory, WorkerLost
from scope.events import EngineStatus, ErrorInfo, StopReason, StreamWarning
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.registry import PipelineRef

STOP_GRACE_S = 2.0


class ProcessEngine:
    """An `Engine` whose worker is a supervised child process."""

    def __init__(
        self,
        refs: Sequence[PipelineRef],
        *,
        device: str = "auto",
        capacity: Capacity | None = None,
        patience: Patience | None = None,
        warm_up: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._hello = Hello(
            refs=tuple((ref.target, ref.name) for ref in refs),
            import_path=tuple(sys.path),
            device=device,
            warm_up=warm_up,
        )
        self._clock = clock or MonotonicClock()
        self._front = Front(capacity=capacity or Capacity())
        self._patience = patience or Patience()
        self._backoff = Backoff()
        self._child: ChildProcess | None = None
        self._used = False  # this child has been told to load something
        self._discarding = False  # this child was killed on purpose
        self._cause: str | None = None  # why this child was killed, if it was for a reason
        self._up = asyncio.Event()
        self._closing = False
        self._wanted = Wanted(self._front)
        self._streams = SharedStreams(
            front=self._front, child=lambda: self._child, ended=self._ended
        )
        self._shortages = Shortages()
        self._short = False  # this child has run out of memory
        self._questions = Questions(up=self._up, post=self._post, answer_s=self._patience.answer_s)
        self._watch = ChildWatch(
            self._patience,
            ask=lambda: self._post(Hail()),
            stalled=self._stalled,
            give_up=self._give_up,
        )
        self._restart: asyncio.TimerHandle | None = None

    @property
    def worker_pid(self) -> int | None:
        """Of the child, for diagnosis."""
        return None if self._child is None else self._child.pid

    async def start(self) -> None:
        """See `Engine`."""
        self._begin_child()
        try:
            await self._come_up()
        except WorkerLost:
            await self.aclose()
            raise

    def catalog(self) -> Mapping[str, PipelineSpec]:
        """See `Engine`."""
        return self._front.catalog()

    def status(self) -> EngineStatus:
        """See `Engine`."""
        return self._front.status()

    async def settled(self) -> EngineStatus:
        """See `Engine`."""
        return await self._front.settled()

    async def check(self, request: LoadRequest) -> None:
        """See `Engine`."""
        self._front.require_known(request.pipeline_id)
        await self._check_load(request)

    async def load(self, request: LoadRequest) -> None:
        """See `Engine`."""
        await self.check(request)
        self._wanted.begin(request)
        self._short = False
        self._front.end_all(StopReason.RELOADED)
        if self._used:
            self._replace_child()
        elif self._up.is_set():
            self._send_wanted()

    async def unload(self) -> None:
        """See `Engine`."""
        self._front.begin_unload()
        self._wanted.forget()
        self._short = False
        self._front.end_all(StopReason.UNLOADED)
        child = self._child
        if self._used and child is not None:
            self._replace_child()
            await child.gone.wait()

    async def open(self, request: OpenRequest) -> LiveStream:
        """See `Engine`."""
        pipeline = self._front.admit(request)
        if request.initial.changes or request.script:
            await self._questions.check(
                pipeline.pipeline_id, changes=request.initial.changes, script=request.script
            )
            pipeline = self._front.admit(request)
        return self._streams.begin(request, pipeline)

    async def check_changes(self, pipeline_id: str, changes: Mapping[str, Any]) -> None:
        """See `Engine`."""
        await self._questions.check(pipeline_id, changes=changes)

    async def aclose(self) -> None:
        """See `Engine`."""
        self._closing = True
        self._front.end_all(StopReason.SHUTDOWN)
        self._watch.rest()
        if self._restart is not None:
            self._restart.cancel()
        child = self._child
        if child is None:
            return
        child.post(Stop())
        killer = asyncio.get_running_loop().call_later(STOP_GRACE_S, child.kill)
        if not self._up.is_set():
            child.kill()
        await child.gone.wait()
        killer.cancel()

    # The lives of the child.

    def _begin_child(self) -> None:
        self._restart = None
        self._used = self._discarding = self._short = False
        self._cause = None
        self._child = ChildProcess(hello=self._hello, heard=self._heard, ended=self._lost)
        self._watch.starting()

    def _replace_child(self) -> None:
        """End this child on purpose; the next one begins as soon as it is gone."""
        self._discarding = True
        self._down()
        if self._child is not None:
            self._child.kill()

    def _give_up(self, why: str) -> None:
        """End a child that has lost our trust."""
        self._cause = f"The worker process {why} and was ended."
        if self._child is not None:
            self._child.kill()

    def _down(self) -> None:
        self._up.clear()
        self._front.worker_is_up(False)
        self._watch.rest()

    def _lost(self, child: ChildProcess, reason: str) -> None:
        """The child is gone: tell everyone, then decide about the next one."""
        self._child = None
        self._down()
        lost = ErrorInfo(WorkerLost.code, self._cause or reason)
        self._front.end_all(StopReason.WORKER_LOST, lost)
        self._questions.lost(lost.detail)
        if self._closing:
            return
        delay_s = 0.0
        if not self._discarding:
            delay_s = self._backoff.lost(self._clock.now())
            if self._used:
                self._wanted.lost(lost)
        self._restart = asyncio.get_running_loop().call_later(delay_s, self._begin_child)

    def _send_wanted(self) -> None:
        command = self._wanted.command()
        if command is not None and self._child is not None:
            self._used = True
            self._watch.loading()
            self._child.post(command)

    def _ended(self, stream: LiveStream, reason: StopReason) -> None:
        """After the device ran out of memory, a new child starts with all of it, as soon as
        the last stream has ended; not for ever, if that does not help.
        """
        self._front.remove(stream)
        now_s = self._clock.now()
        if reason is StopReason.OUT_OF_MEMORY:
            self._shortages.add(now_s)
            self._short = True
        idle = self._up.is_set() and not self._front.streams()
        if not self._short or not idle or self._wanted.command() is None:
            return
        self._wanted.again(stage="freeing memory")
        if self._shortages.too_many(now_s):
            detail = "The device ran out of memory again and again. Load something smaller."
            self._wanted.fail(ErrorInfo(OutOfMemory.code, detail))
        self._replace_child()

    # What the child says.

    def _heard(self, child: ChildProcess, report: Report) -> None:
        if child is not self._child or self._discarding:
            return
        self._front.receive(report)
        self._watch.heard(report)
        self._wanted.heard(report)
        match report:
            case Made():
                self._streams.deliver(report)
            case Ready():
                self._backoff.up(self._clock.now())
                self._up.set()
                self._send_wanted()
            case Checked():
                self._questions.answered(report)

    # Questions and patience.

    async def _check_load(self, request: LoadRequest) -> None:
        """Raises InvalidParameters. A worker that hangs or dies meanwhile is replaced: it
        must not keep anyone from loading something else. One that starts gets the time it needs.
        """
        await self._come_up()
        try:
            await self._questions.check(request.pipeline_id, load=request.params)
        except WorkerLost as lost:
            if isinstance(lost, NoAnswer):
                self._wanted.again(stage="restarting the worker")
                self._replace_child()
            await self._come_up()
            await self._questions.check(request.pipeline_id, load=request.params)

    async def _come_up(self) -> None:
        """Wait for a child that is up, but for no back-off. Raises WorkerLost."""
        if self._restart is not None:
            self._restart.cancel()
            self._begin_child()
        try:
            await asyncio.wait_for(self._up.wait(), self._patience.start_s)
        except TimeoutError:
            raise WorkerLost("The worker process does not start.") from None

    def _post(self, command: Command) -> None:
        if self._child is None:
            raise WorkerLost("The worker is being restarted.")
        self._child.post(command)

    def _stalled(self, why: str) -> None:
        """It takes far too long: say so to everyone it holds up."""
        for stream in self._front.streams():
            stream.tell(StreamWarning(stream.id, ErrorInfo("worker_stalled", why)))

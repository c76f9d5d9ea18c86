"""The engine in a child process that may crash, hang or be killed without harm.

Decides the lives of the child: when one is started, given a pipeline, given up and
replaced. A load always gets a child that has loaded nothing before, and an unload ends the
child: that is the only sure way to give a device's memory back. Lives on the event loop and
never blocks it.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scope.clock import Clock, MonotonicClock
from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.child_process import ChildProcess
from scope.engine.failures import as_exception
from scope.engine.front import Capacity, Front, lead_room_s, seed_of, slots
from scope.engine.live_stream import LiveStream
from scope.engine.messages import (
    Check,
    Checked,
    Hello,
    Load,
    Loaded,
    Made,
    NotLoaded,
    Open,
    Ready,
    Report,
    Stop,
    TurnBegan,
    TurnEnded,
    Wake,
)
from scope.engine.pixel_ring import PixelRing, RingShape, new_memory
from scope.engine.questions import Questions
from scope.engine.supervisor import Backoff, Patience
from scope.engine.turn_watch import TurnWatch
from scope.errors import WorkerLost
from scope.events import EngineStatus, ErrorInfo, StopReason, StreamWarning
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.registry import PipelineRef

STOP_GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be loaded. proven: it has been loaded before, so it is worth a retry."""

    request: LoadRequest
    ticket: int
    proven: bool = False


class ProcessEngine:
    """An `Engine` whose worker is a supervised child process."""

    def __init__(
        self,
        refs: Sequence[PipelineRef],
        *,
        device: str = "cpu",
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
        self._wanted: Wanted | None = None
        self._rings: dict[str, PixelRing] = {}
        self._questions = Questions()
        self._watch = TurnWatch(self._patience, stalled=self._stalled, give_up=self._give_up)
        self._restart: asyncio.TimerHandle | None = None

    @property
    def worker_pid(self) -> int | None:
        """Of the child, for diagnosis."""
        return None if self._child is None else self._child.pid

    async def start(self) -> None:
        """See `Engine`."""
        self._begin_child()
        try:
            await asyncio.wait_for(self._up.wait(), timeout=self._patience.start_s)
        except TimeoutError:
            await self.aclose()
            raise WorkerLost("The worker process does not start.") from None

    def catalog(self) -> Mapping[str, PipelineSpec]:
        """See `Engine`."""
        return self._front.catalog()

    def status(self) -> EngineStatus:
        """See `Engine`."""
        return self._front.status()

    async def settled(self) -> EngineStatus:
        """See `Engine`."""
        return await self._front.settled()

    async def load(self, request: LoadRequest) -> None:
        """See `Engine`."""
        self._front.require_known(request.pipeline_id)
        await self._check_load(request)
        ticket = self._front.begin_load(request)
        self._wanted = Wanted(request, ticket)
        self._front.end_all(StopReason.RELOADED)
        if self._used:
            self._replace_child()
        elif self._up.is_set():
            self._send_wanted()

    async def unload(self) -> None:
        """See `Engine`."""
        self._front.begin_unload()
        self._wanted = None
        self._front.end_all(StopReason.UNLOADED)
        child = self._child
        if self._used and child is not None:
            self._replace_child()
            await child.gone.wait()

    async def open(self, request: OpenRequest) -> LiveStream:
        """See `Engine`."""
        pipeline = self._front.admit(request)
        if request.initial.changes:
            await self._check_changes(pipeline.pipeline_id, request.initial.changes)
            pipeline = self._front.admit(request)
        child = self._child
        if child is None:
            raise WorkerLost("The worker is being restarted.")
        shape = RingShape.of(pipeline.format, slots(pipeline))
        memory = new_memory(shape)
        ring = PixelRing(memory, shape)
        seed = seed_of(request, pipeline)
        stream = LiveStream(
            stream_id=request.stream_id,
            seed=seed,
            pipeline=pipeline,
            post=child.post,
            ended=self._forget,
            lead_room_s=lead_room_s(pipeline),
            release=lambda index: child.post(Wake()) if ring.release(index) else None,
        )
        self._rings[stream.id] = ring
        self._front.add(stream)
        child.post(
            Open(stream.id, seed, request.initial, request.state, shape.slots, pipeline.format),
            memory,
        )
        return stream

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
        self._used = self._discarding = False
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
            self._reload_or_not(lost)
        self._restart = asyncio.get_running_loop().call_later(delay_s, self._begin_child)

    def _reload_or_not(self, lost: ErrorInfo) -> None:
        """A pipeline that has worked is loaded again; one that took the child down is not."""
        wanted = self._wanted
        if wanted is None or not self._used:
            return
        if wanted.proven:
            ticket = self._front.begin_load(wanted.request, stage="restarting the worker")
            self._wanted = Wanted(wanted.request, ticket, proven=True)
        else:
            self._wanted = None
            self._front.fail_load(lost)

    def _send_wanted(self) -> None:
        wanted = self._wanted
        if wanted is not None and self._child is not None:
            self._used = True
            request = wanted.request
            self._child.post(Load(wanted.ticket, request.pipeline_id, dict(request.params)))

    # What the child says.

    def _heard(self, child: ChildProcess, report: Report) -> None:
        if child is not self._child or self._discarding:
            return
        self._front.receive(report)
        match report:
            case Made():
                self._deliver(report)
            case TurnBegan(_, median_s):
                self._watch.turn_began(median_s)
            case TurnEnded():
                self._watch.rest()
            case Ready():
                self._watch.rest()
                self._backoff.up(self._clock.now())
                self._up.set()
                self._send_wanted()
            case Checked():
                self._questions.answered(report)
            case Loaded(ticket, _) if self._wanted is not None and self._wanted.ticket == ticket:
                self._wanted = replace(self._wanted, proven=True)
            case NotLoaded(ticket, _) if self._wanted is not None and self._wanted.ticket == ticket:
                self._wanted = None
            case _:
                pass

    def _deliver(self, made: Made) -> None:
        stream, ring = self._front.stream(made.stream_id), self._rings.get(made.stream_id)
        if stream is not None and ring is not None:
            for chunk in made.chunks(ring.read(made.first_index, made.frames)):
                stream.deliver(chunk)

    def _forget(self, stream: LiveStream) -> None:
        self._rings.pop(stream.id, None)
        self._front.remove(stream)

    # Questions and patience.

    async def _check_load(self, request: LoadRequest) -> None:
        """Raises InvalidParameters. A worker that hangs or dies meanwhile is replaced: it
        must not keep anyone from loading something else.
        """
        try:
            error = await self._ask(request.pipeline_id, load=request.params)
        except (WorkerLost, TimeoutError) as lost:
            if isinstance(lost, TimeoutError):
                self._replace_child()
            try:
                error = await self._ask(request.pipeline_id, load=request.params)
            except TimeoutError:
                raise WorkerLost("The worker does not answer.") from None
        if error is not None:
            raise as_exception(error)

    async def _check_changes(self, pipeline_id: str, changes: Mapping[str, Any]) -> None:
        """Raises InvalidParameters, or WorkerLost when there is nobody to judge."""
        try:
            error = await self._ask(pipeline_id, changes=changes)
        except TimeoutError:
            raise WorkerLost("The worker does not answer.") from None
        if error is not None:
            raise as_exception(error)

    async def _ask(
        self,
        pipeline_id: str,
        *,
        load: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> ErrorInfo | None:
        async with asyncio.timeout(self._patience.answer_s):
            await self._up.wait()
            if self._child is None:
                raise WorkerLost("The worker is being restarted.")
            return await self._questions.ask(
                self._child.post, pipeline_id, load=load, changes=changes
            )

    def _stalled(self, seconds: float) -> None:
        """The chunk in progress takes far too long: say so to everyone it holds up."""
        info = ErrorInfo("worker_stalled", f"A chunk has taken more than {seconds:.1f} s so far.")
        for stream in self._front.streams():
            stream.tell(StreamWarning(stream.id, info))

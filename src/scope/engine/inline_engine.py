"""The engine in a thread of this process, for tests, debuggers and offline rendering.

Decides how the worker's thread and the event loop talk. Offers none of the process home's
protection: a pipeline that hangs or crashes takes its host with it.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scope.clock import Clock, MonotonicClock
from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.failures import as_exception
from scope.engine.front import Capacity, Front, lead_room_s, seed_of, slots
from scope.engine.inbox import Inbox
from scope.engine.live_stream import LiveStream
from scope.engine.loader import Loader
from scope.engine.messages import (
    Check,
    Load,
    LoadedPipeline,
    NotLoaded,
    Open,
    Ready,
    Report,
    Stop,
    Unload,
)
from scope.engine.outlet import LocalOutlet
from scope.engine.snapshot import StreamSnapshot
from scope.engine.worker import Worker
from scope.errors import WorkerLost
from scope.events import EngineStatus, ErrorInfo, StopReason
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.registry import PipelineRef, catalog


class InlineEngine:
    """An `Engine` whose worker is a daemon thread."""

    def __init__(
        self,
        refs: Sequence[PipelineRef],
        *,
        device: str = "auto",
        capacity: Capacity | None = None,
        warm_up: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._refs = tuple(refs)
        self._clock = clock or MonotonicClock()
        self._loader = Loader(device=device, clock=self._clock, warm_up=warm_up)
        self._front = Front(capacity=capacity or Capacity())
        self._inbox = Inbox()
        self._worker: Worker | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = asyncio.Event()
        self._ended = asyncio.Event()
        self._unloads: dict[int, asyncio.Event] = {}

    async def start(self) -> None:
        """See `Engine`."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="scope-worker", daemon=True)
        self._thread.start()
        await self._ready.wait()
        if self._worker is None:
            raise WorkerLost("The worker thread ended while it started.")

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
        self._check(Check(0, request.pipeline_id, load=request.params))

    async def load(self, request: LoadRequest) -> None:
        """See `Engine`."""
        await self.check(request)
        ticket = self._front.begin_load(request)
        self._front.end_all(StopReason.RELOADED)
        self._inbox.post(Load(ticket, request.pipeline_id, dict(request.params)))

    async def unload(self) -> None:
        """See `Engine`."""
        ticket = self._front.begin_unload()
        self._front.end_all(StopReason.UNLOADED)
        if self._ended.is_set() or self._worker is None:
            return
        self._unloads[ticket] = asyncio.Event()
        self._inbox.post(Unload(ticket))
        await self._unloads[ticket].wait()
        del self._unloads[ticket]

    async def open(self, request: OpenRequest) -> LiveStream:
        """See `Engine`."""
        pipeline = self._front.admit(request)
        changes = request.initial.changes
        self._check(Check(0, pipeline.pipeline_id, changes=changes, script=request.script))
        seed = seed_of(request, pipeline)
        stream = LiveStream(
            stream_id=request.stream_id,
            seed=seed,
            pipeline=pipeline,
            post=self._inbox.post,
            ended=lambda stream, _: self._front.remove(stream),
            lead_room_s=lead_room_s(pipeline),
            release=lambda _: None,
            reopen=self._reopen,
        )
        self._begin(stream, request, pipeline)
        return stream

    async def check_changes(self, pipeline_id: str, changes: Mapping[str, Any]) -> None:
        """See `Engine`."""
        self._check(Check(0, pipeline_id, changes=changes))

    def _reopen(self, stream: LiveStream, snapshot: StreamSnapshot | None) -> None:
        pipeline = self._front.readmit(stream)
        if snapshot is not None:
            self._begin(stream, OpenRequest(stream.id, snapshot=snapshot), pipeline)

    def _begin(self, stream: LiveStream, request: OpenRequest, pipeline: LoadedPipeline) -> None:
        snapshot, room = request.snapshot, slots(pipeline)
        outlet = LocalOutlet(
            slots=room,
            deliver=lambda chunk: self._to_loop(lambda: stream.deliver(chunk)),
            rewound=lambda index: self._to_loop(lambda: stream.rewound(index)),
            wake=self._inbox.wake,
            released=0 if snapshot is None else snapshot.at.next_index,
        )
        stream.attach(post=self._inbox.post, release=outlet.release)
        self._front.add(stream)
        self._inbox.post(
            Open(
                stream.id,
                stream.seed,
                request.initial,
                snapshot,
                room,
                pipeline.format,
                request.script,
            ),
            outlet,
        )

    async def aclose(self) -> None:
        """See `Engine`. A pipeline that hangs in a step keeps its thread, not its host."""
        self._front.end_all(StopReason.SHUTDOWN)
        self._inbox.post(Stop())
        if self._thread is not None and self._thread.is_alive():
            await asyncio.wait_for(self._ended.wait(), timeout=30)

    def _check(self, question: Check) -> None:
        if self._worker is None:
            raise WorkerLost("The worker has not been started.")
        if (error := self._worker.check(question).error) is not None:
            raise as_exception(error)

    # On the worker's thread.

    def _work(self) -> None:
        try:
            self._worker = Worker(
                catalog=catalog(self._refs),
                inbox=self._inbox,
                loader=self._loader,
                report=self._report,
                clock=self._clock,
            )
            with contextlib.suppress(SystemExit):  # a pipeline's own; it costs this thread only
                self._worker.run()
        finally:
            self._to_loop(self._lost)

    def _report(self, report: Report) -> None:
        self._to_loop(lambda: self._receive(report))

    def _to_loop(self, call: Callable[[], None]) -> None:
        assert self._loop is not None  # noqa: S101 - set before the thread starts
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    # On the event loop.

    def _receive(self, report: Report) -> None:
        self._front.receive(report)
        if isinstance(report, Ready):
            self._ready.set()
        elif isinstance(report, NotLoaded) and (done := self._unloads.get(report.ticket)):
            done.set()

    def _lost(self) -> None:
        self._front.worker_is_up(False)
        lost = ErrorInfo(WorkerLost.code, "The worker thread ended.")
        if self._front.status().state == "loading":
            self._front.fail_load(lost)
        self._front.end_all(StopReason.WORKER_LOST, lost)
        for done in self._unloads.values():
            done.set()
        self._ready.set()
        self._ended.set()

"""The loop's half of an engine, the same in both homes.

Decides what the status says, who is admitted, which stream a report belongs to, and which
of several loads counts. Lives on the event loop and never blocks it. Knows nothing of
threads, processes or shared memory.
"""

import asyncio
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from scope.engine.admission import MAX_LOAD, Demand, refusal
from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.live_stream import LiveStream, identity_of
from scope.engine.messages import (
    Dumped,
    Loaded,
    LoadedPipeline,
    Loading,
    NotLoaded,
    Ready,
    Report,
    Rewound,
    Told,
    TurnEnded,
)
from scope.errors import AtCapacity, PipelineNotLoaded, UnknownPipeline, WorkerLost
from scope.events import EngineStatus, ErrorInfo, StopReason
from scope.pipelines.contract import PipelineSpec

READER_HOLDS_FRAMES = 4
MIN_LEAD_ROOM_S = 0.75
RETRY_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much one worker takes on."""

    max_load: float = MAX_LOAD
    max_streams: int = 64


class Front:
    """Status, admission and the table of live streams."""

    def __init__(self, *, capacity: Capacity) -> None:
        self._capacity = capacity
        self._catalog: Mapping[str, PipelineSpec] = {}
        self._status = EngineStatus(worker_up=False)
        self._streams: dict[str, LiveStream] = {}
        self._settled = asyncio.Event()
        self._settled.set()
        self._ticket = 0
        self.loaded: LoadedPipeline | None = None

    def catalog(self) -> Mapping[str, PipelineSpec]:
        """Every known pipeline."""
        return self._catalog

    def status(self) -> EngineStatus:
        """What is loaded, or how far the load is."""
        return replace(self._status, streams=len(self._streams))

    async def settled(self) -> EngineStatus:
        """Wait while a load is in progress."""
        await self._settled.wait()
        return self.status()

    def streams(self) -> tuple[LiveStream, ...]:
        """All live streams."""
        return tuple(self._streams.values())

    # Loads.

    def require_known(self, pipeline_id: str) -> None:
        """Raises UnknownPipeline, naming the known ones."""
        if pipeline_id not in self._catalog:
            known = ", ".join(sorted(self._catalog)) or "none"
            raise UnknownPipeline(f"There is no pipeline {pipeline_id!r}. Known: {known}.")

    def begin_load(self, request: LoadRequest, *, stage: str = "waiting") -> int:
        """Enter a load; reports of earlier ones no longer count. Its ticket."""
        self.loaded = None
        self._ticket += 1
        self._settled.clear()
        self._status = EngineStatus(
            state="loading",
            pipeline_id=request.pipeline_id,
            load_params=dict(request.params),
            stage=stage,
            worker_up=self._status.worker_up,
        )
        return self._ticket

    def begin_unload(self) -> int:
        """Forget what is loaded. The ticket of the unload."""
        self.loaded = None
        self._ticket += 1
        self._status = EngineStatus(worker_up=self._status.worker_up)
        self._settled.set()
        return self._ticket

    def fail_load(self, error: ErrorInfo) -> None:
        """The load in progress came to nothing."""
        self.loaded = None
        self._status = replace(self._status, state="error", stage=None, progress=None, error=error)
        self._settled.set()

    def worker_is_up(self, up: bool) -> None:
        """Whether there is a worker to talk to."""
        self._status = replace(self._status, worker_up=up)

    # Streams.

    def admit(self, request: OpenRequest) -> LoadedPipeline:
        """Raises WorkerLost, PipelineNotLoaded or AtCapacity unless a stream may begin now."""
        pipeline = self._ready_pipeline()
        if request.stream_id in self._streams:
            raise ValueError(f"stream {request.stream_id} is open already")
        if len(self._streams) >= self._capacity.max_streams:
            raise AtCapacity(
                f"All {self._capacity.max_streams} places are taken.", retry_after_s=RETRY_AFTER_S
            )
        self._require_room(self._new_demand(pipeline))
        return pipeline

    def readmit(self, stream: LiveStream) -> LoadedPipeline:
        """The same for one that was parked; what made it must be loaded."""
        pipeline = self._ready_pipeline()
        if stream.identity != identity_of(pipeline):
            raise PipelineNotLoaded(
                "Another pipeline is loaded than the one that made this stream.",
                reason=f"{pipeline.pipeline_id} is loaded",
            )
        self._require_room(self._demand(stream))
        return pipeline

    def _ready_pipeline(self) -> LoadedPipeline:
        status = self._status
        if not status.worker_up:
            raise WorkerLost("The worker is being restarted.", retry_after_s=RETRY_AFTER_S)
        if self.loaded is None:
            raise PipelineNotLoaded(
                "Pipeline not loaded. Please load pipeline first."
                if status.state != "loading"
                else f"Pipeline {status.pipeline_id} is still loading."
            )
        return self.loaded

    def _require_room(self, demand: Demand) -> None:
        live = [self._demand(stream) for stream in self._streams.values() if stream.wants_frames]
        why = refusal(live, demand, max_load=self._capacity.max_load)
        if why is not None:
            raise AtCapacity(why, retry_after_s=RETRY_AFTER_S)

    def add(self, stream: LiveStream) -> None:
        """A stream begins."""
        self._streams[stream.id] = stream

    def remove(self, stream: LiveStream) -> None:
        """A stream has ended."""
        self._streams.pop(stream.id, None)

    def end_all(self, reason: StopReason, error: ErrorInfo | None = None) -> None:
        """End every stream for one reason."""
        for stream in self.streams():
            stream.finish(reason, error)

    def stream(self, stream_id: str) -> LiveStream | None:
        """The live stream of that id."""
        return self._streams.get(stream_id)

    # What the worker says.

    def receive(self, report: Report) -> None:
        """Take in what is not about pixels; the rest is the home's."""
        match report:
            case Ready(catalog):
                self._catalog = catalog
                self.worker_is_up(True)
            case Loading(ticket, stage, progress) if ticket == self._ticket:
                self._status = replace(self._status, stage=stage, progress=progress)
            case Loaded(ticket, pipeline) if ticket == self._ticket:
                self._finish_load(pipeline)
            case NotLoaded(ticket, error) if ticket == self._ticket and error is not None:
                self.fail_load(error)
            case Told() | Rewound() | Dumped() | TurnEnded():
                self._pass_on(report)
            case _:
                pass

    def _pass_on(self, report: Told | Rewound | Dumped | TurnEnded) -> None:
        stream_id = report.event.stream_id if isinstance(report, Told) else report.stream_id
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        match report:
            case Told(event):
                stream.tell(event)
            case Rewound(_, from_index):
                stream.rewound(from_index)
            case Dumped():
                stream.dumped(report)
            case TurnEnded(_, figures):
                stream.measured(figures)

    def _finish_load(self, pipeline: LoadedPipeline) -> None:
        self.loaded = pipeline
        self._status = EngineStatus(
            state="loaded",
            pipeline_id=pipeline.pipeline_id,
            load_params=pipeline.load_params,
            worker_up=self._status.worker_up,
            format=pipeline.format,
            chunk_frames=pipeline.chunk_frames,
        )
        self._settled.set()

    def _demand(self, stream: LiveStream) -> Demand:
        return Demand(
            chunk_s=stream.nominal_chunk_s(),
            duration_s=stream.chunk_frames / stream.format.fps,
            lead_room_s=stream.lead_room_s,
        )

    def _new_demand(self, pipeline: LoadedPipeline) -> Demand:
        return Demand(
            chunk_s=pipeline.nominal_chunk_s,
            duration_s=pipeline.chunk_frames / pipeline.format.fps,
            lead_room_s=lead_room_s(pipeline),
        )


def seed_of(request: OpenRequest, pipeline: LoadedPipeline) -> int:
    """The stream's own seed, else that of the load, else a random one."""
    if request.snapshot is not None:
        return request.snapshot.seed
    if request.seed is not None:
        return request.seed
    if request.initial.seed is not None:
        return request.initial.seed
    return secrets.randbelow(2**32) if pipeline.seed is None else pipeline.seed


def lead_room_s(pipeline: LoadedPipeline) -> float:
    """The longest lead a buffer is made to hold: streams that share a device never need more
    than about one chunk's duration, see `admission`.
    """
    return max(MIN_LEAD_ROOM_S, pipeline.chunk_frames / pipeline.format.fps + 0.1)


def slots(pipeline: LoadedPipeline) -> int:
    """Frames a stream's buffer holds: the lead, a chunk made whole, and the reader's own."""
    lead_frames = math.ceil(lead_room_s(pipeline) * pipeline.format.fps)
    return lead_frames + pipeline.chunk_frames + READER_HOLDS_FRAMES

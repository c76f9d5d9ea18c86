"""What the rest of the server sees of the engine: two protocols and their values.

An engine is used from one asyncio loop; nothing here blocks it. The engine never hears of
peers or sessions. It has two homes with the same behaviour: `InlineEngine` (a thread) and
`ProcessEngine` (a child process).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from scope.control import ControlUpdate, TimedUpdate
from scope.engine.frame_buffer import FrameBuffer
from scope.engine.snapshot import StreamSnapshot
from scope.events import EngineEvent, EngineStatus
from scope.frames import VideoFormat
from scope.pipelines.contract import PipelineSpec


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Load `pipeline_id` with `params`, not yet validated against its own schema."""

    pipeline_id: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A new stream. seed None: the seed of the load, else a random one.

    initial: the first control, revision 0; its `changes` are keys of the pipeline's params.
    snapshot: of a stream to go on from; the seed, the control and the script are then its own.
    script: updates written beforehand, in the order they take effect.
    """

    stream_id: str
    seed: int | None = None
    initial: ControlUpdate = field(default_factory=lambda: ControlUpdate(revision=0))
    snapshot: StreamSnapshot | None = None
    script: tuple[TimedUpdate, ...] = ()


@dataclass(frozen=True, slots=True)
class PipelineIdentity:
    """Which pipeline makes a stream's pictures: what has to be the same to make them again.

    load_params: all of them, as JSON values. facts: what the pipeline says of itself, such as
    its weights and precision.
    """

    id: str
    version: str = "1"
    load_params: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Playhead:
    """Frame `index` is shown at `due_s` (CLOCK_MONOTONIC), later ones each `period_s` on.

    From it the worker knows when a stream's buffer runs dry without a message per frame.
    """

    index: int
    due_s: float
    period_s: float

    def dry_at_s(self, next_index: int) -> float:
        """When the frame `next_index`, the first one not yet made, is due."""
        return self.due_s + (next_index - self.index) * self.period_s


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """Running figures of one stream, for metrics and stats.

    chunk_s: p95 generation time. lead_s: how far ahead of playback it is made.
    """

    frames_made: int
    chunks_made: int
    chunk_s: float
    lead_s: float


class StreamHandle(Protocol):
    """One live stream as its owner sees it."""

    id: str
    pipeline_id: str
    identity: PipelineIdentity
    format: VideoFormat
    chunk_frames: int
    seed: int
    frames: FrameBuffer

    def send(self, update: ControlUpdate) -> None:
        """Merge `update` into the stream at its next chunk boundary. Never blocks."""
        ...

    def play(self, playhead: Playhead | None) -> None:
        """Tell where playback is; None: nobody watches, generate nothing.

        A stream that was never played makes one first chunk and waits.
        """
        ...

    async def next_event(self) -> EngineEvent:
        """The next event; after `StreamStopped` there is none and this raises EOFError."""
        ...

    def figures(self) -> StreamFigures:
        """Running figures, as last told by the worker."""
        ...

    def nominal_chunk_s(self) -> float:
        """Estimated generation time of a chunk: measured at load, then a running p95."""
        ...

    async def dump(self, *, max_bytes: int | None = None) -> StreamSnapshot:
        """The stream as it is at its next chunk boundary; it goes on all the same.

        Every frame before that boundary is in `frames`. Raises TooLarge over `max_bytes`, and
        StateError or EngineError where there is nothing to be had.
        """
        ...

    async def park(self, *, max_bytes: int) -> int:
        """Make nothing more until `resume`; how many bytes are kept outside the worker.

        0: the state was too large to be moved, it stays in the worker and ends with it. What
        is sent meanwhile is lost. Raises StateError where the stream has ended.
        """
        ...

    async def resume(self) -> None:
        """Go on after `park`, under the same rules of admission as a new stream.

        Raises StateError where the stream has ended, PipelineNotLoaded unless what made it is
        loaded, AtCapacity, WorkerLost; it stays parked then.
        """
        ...

    async def aclose(self) -> None:
        """End the stream with `StopReason.CLOSED`; safe to call twice."""
        ...


class Engine(Protocol):
    """Turns a loaded pipeline into live streams."""

    async def start(self) -> None:
        """Bring the worker up; `catalog` is complete afterwards."""
        ...

    def catalog(self) -> Mapping[str, PipelineSpec]:
        """Every known pipeline by id, those that can not run here with the reason."""
        ...

    def status(self) -> EngineStatus:
        """What is loaded, or how far the load is."""
        ...

    async def check(self, request: LoadRequest) -> None:
        """Whether `load` would accept `request` now; changes nothing. Raises as `load` does."""
        ...

    async def load(self, request: LoadRequest) -> None:
        """Accept a load and return; `status` is `loading` from here on.

        Streams of the pipeline loaded before end with `RELOADED`. The newest request wins.
        Raises UnknownPipeline, InvalidParameters (checked by the pipeline's own LoadParams).
        """
        ...

    async def settled(self) -> EngineStatus:
        """Wait while a load is in progress."""
        ...

    async def unload(self) -> None:
        """End all streams with `UNLOADED` and give the device back."""
        ...

    async def check_changes(self, pipeline_id: str, changes: Mapping[str, Any]) -> None:
        """Raises InvalidParameters unless a stream of that pipeline could take `changes`."""
        ...

    async def open(self, request: OpenRequest) -> StreamHandle:
        """A new stream, admitted or refused by its nominal figures.

        Raises PipelineNotLoaded, AtCapacity, InvalidParameters, WorkerLost.
        """
        ...

    async def aclose(self) -> None:
        """End every stream with `SHUTDOWN` and the worker with them."""
        ...

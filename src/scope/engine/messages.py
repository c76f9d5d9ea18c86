"""What the loop's half of an engine and its worker say to each other.

Frozen values only. In the process home they are pickled between our own two processes over
a socket pair that nobody else holds; pixels never go that way. Decides nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scope.control import ControlUpdate, TimedUpdate
from scope.engine.api import Playhead, StreamFigures
from scope.engine.snapshot import StreamSnapshot
from scope.events import EngineEvent, ErrorInfo
from scope.frames import Chunk, Pixels, VideoFormat
from scope.pipelines.contract import PipelineSpec


@dataclass(frozen=True, slots=True)
class Load:
    """Load a pipeline. Of several that wait only the one with the highest ticket is done."""

    ticket: int
    pipeline_id: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unload:
    """Forget the pipeline and every stream of it."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Check:
    """Are these values good? Answered at once, whatever the worker is doing.

    load: load parameters for `pipeline_id`; changes: parameters of a stream of it; script:
    updates that follow them.
    """

    ticket: int
    pipeline_id: str
    load: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] | None = None
    script: tuple[TimedUpdate, ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """Begin a stream whose frames go through `slots` places of shared memory."""

    stream_id: str
    seed: int
    initial: ControlUpdate
    snapshot: StreamSnapshot | None
    slots: int
    size: VideoFormat
    script: tuple[TimedUpdate, ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """A control update. drop_from: with `apply_now`, the first frame that may be dropped."""

    stream_id: str
    update: ControlUpdate
    drop_from: int | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """Where playback is; None: nobody watches."""

    stream_id: str
    playhead: Playhead | None


@dataclass(frozen=True, slots=True)
class Dump:
    """Tell what a stream is at its next chunk boundary, if its state has at most `max_bytes`."""

    ticket: int
    stream_id: str
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Forget a stream."""

    stream_id: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Look again: a full buffer has room."""


@dataclass(frozen=True, slots=True)
class Hail:
    """Are you there? Answered at once, whatever the worker is doing."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Close everything and end."""


Command = Load | Unload | Check | Open | Send | Play | Dump | Close | Wake | Hail | Stop


@dataclass(frozen=True, slots=True)
class Hello:
    """The first thing a child is told. refs: target and name of each pipeline."""

    refs: tuple[tuple[str, str], ...]
    import_path: tuple[str, ...]
    device: str
    warm_up: bool


@dataclass(frozen=True, slots=True)
class LoadedPipeline:
    """What a loaded pipeline is like. load_params: all of them, as JSON values. facts: see
    `Pipeline.facts`.
    """

    pipeline_id: str
    format: VideoFormat
    chunk_frames: int
    nominal_chunk_s: float
    seed: int | None
    load_params: dict[str, Any] = field(default_factory=dict)
    version: str = "1"
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker is up and knows these pipelines."""

    catalog: Mapping[str, PipelineSpec]


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to a `Check`."""

    ticket: int
    error: ErrorInfo | None


@dataclass(frozen=True, slots=True)
class Loading:
    """How far a load is."""

    ticket: int
    stage: str
    progress: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load is done."""

    ticket: int
    pipeline: LoadedPipeline


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """A load failed, or (without an error) an unload is done."""

    ticket: int
    error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a stream."""

    event: EngineEvent


@dataclass(frozen=True, slots=True)
class Made:
    """A piece of a chunk lies in shared memory; see `Chunk` for the fields."""

    stream_id: str
    first_index: int
    frames: int
    revision: int
    seconds: float
    chunk: int
    last_piece: bool
    produced_s: float

    def chunks(self, views: Sequence[Pixels]) -> Iterator[Chunk]:
        """The piece as chunks, one for each of the views its frames lie in."""
        index = self.first_index
        for number, pixels in enumerate(views):
            yield Chunk(
                pixels=pixels,
                first_index=index,
                revision=self.revision,
                seconds=self.seconds,
                chunk=self.chunk,
                last_piece=self.last_piece and number == len(views) - 1,
                produced_s=self.produced_s,
            )
            index += len(pixels)


@dataclass(frozen=True, slots=True)
class Rewound:
    """Frames from `from_index` on are void and will be made anew."""

    stream_id: str
    from_index: int


@dataclass(frozen=True, slots=True)
class Dumped:
    """The answer to a `Dump`; neither of both: the state is too large."""

    ticket: int
    stream_id: str
    snapshot: StreamSnapshot | None = None
    error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """A chunk is in progress. median_s: how long one usually takes."""

    stream_id: str
    median_s: float


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The chunk in progress is over, one way or another."""

    stream_id: str
    figures: StreamFigures


@dataclass(frozen=True, slots=True)
class Busy:
    """The same of something else; chunks have to wait for it. what: in words, as in "hung in …"."""

    what: str
    usual_s: float


@dataclass(frozen=True, slots=True)
class Idle:
    """That is over."""


@dataclass(frozen=True, slots=True)
class Here:
    """The answer to a `Hail`."""


Report = (
    Ready
    | Checked
    | Loading
    | Loaded
    | NotLoaded
    | Told
    | Made
    | Rewound
    | Dumped
    | TurnBegan
    | TurnEnded
    | Busy
    | Idle
    | Here
)

"""What the engine tells about its streams and about itself, as values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from scope.control import ControlUpdate
from scope.frames import VideoFormat

PROMPT_CUT = "prompt_cut"
"""Code of a warning: a prompt is longer than the model reads."""


class StopReason(StrEnum):
    """Why a stream ended."""

    CLOSED = "closed"  # by its owner's own wish
    UNLOADED = "pipeline_unloaded"
    RELOADED = "pipeline_reloaded"
    GENERATION_FAILED = "generation_failed"
    OUT_OF_MEMORY = "out_of_memory"
    WORKER_LOST = "worker_lost"
    SHUTDOWN = "server_shutdown"


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An error as a value: stable code, readable detail, the field at fault if one is."""

    code: str
    detail: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateApplied:
    """Every chunk from `chunk` on, first frame `first_frame`, is made with `revision`."""

    stream_id: str
    revision: int
    chunk: int
    first_frame: int


@dataclass(frozen=True, slots=True)
class UpdateTaken:
    """Chunk `chunk`, frames from `first_frame` on, begins under `update`: all that waited, as
    one. scripted: it was written beforehand, at least in part.
    """

    stream_id: str
    chunk: int
    first_frame: int
    update: ControlUpdate
    scripted: bool = False


@dataclass(frozen=True, slots=True)
class ChunksUndone:
    """Chunk `chunk` and later ones are void and so is what they took; they begin anew."""

    stream_id: str
    chunk: int
    first_frame: int


@dataclass(frozen=True, slots=True)
class UpdateRejected:
    """Nothing of the update was applied; the old control stays."""

    stream_id: str
    revision: int
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """Generation stopped (`paused`) or goes on, as of `revision`."""

    stream_id: str
    revision: int
    paused: bool


@dataclass(frozen=True, slots=True)
class StreamWarning:
    """Something failed and was survived, e.g. a step that raised once and was tried again; or
    something was not taken quite as it was sent (`PROMPT_CUT`).
    """

    stream_id: str
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class StreamStopped:
    """The last event of a stream, exactly one. `error` is None for the owner's own wish."""

    stream_id: str
    reason: StopReason
    error: ErrorInfo | None = None


EngineEvent = (
    UpdateApplied
    | UpdateTaken
    | ChunksUndone
    | UpdateRejected
    | PauseChanged
    | StreamWarning
    | StreamStopped
)


LoadState = Literal["not_loaded", "loading", "loaded", "error"]


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What is loaded, or how far the load is. progress: 0..1, None when unknown.

    format, chunk_frames: of every stream, once it is loaded.
    """

    state: LoadState = "not_loaded"
    pipeline_id: str | None = None
    load_params: dict[str, Any] | None = None
    stage: str | None = None
    progress: float | None = None
    error: ErrorInfo | None = None
    streams: int = 0
    worker_up: bool = True
    format: VideoFormat | None = None
    chunk_frames: int | None = None

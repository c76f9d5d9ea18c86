"""What a pipeline is: the one interface between a model and everything that is live.

A pipeline author writes one file: a `Params` class, a `LoadParams` class and a `Pipeline`.
The object holds weights only. Everything that changes over time (KV cache, decoder memory,
random generator, frame counter) is in the state that `open` returns, so that any number of
streams share one pipeline and none can see another.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field

from scope.control import PromptStep
from scope.frames import Pixels, VideoFormat
from scope.pipelines.artifacts import Artifact

Mode = Literal["text", "video"]
Progress = Callable[[str, float], None]
"""Called with a stage in words and 0..1 while a pipeline loads."""

StateT = TypeVar("StateT")
MarkT = TypeVar("MarkT")


def _descending(steps: tuple[int, ...]) -> tuple[int, ...]:
    if any(a <= b for a, b in itertools.pairwise(steps)):
        raise ValueError("must be strictly descending")
    return steps


StepList = Annotated[
    tuple[Annotated[int, Field(ge=0, le=1000)], ...],
    Field(min_length=1, max_length=16),
    AfterValidator(_descending),
]
"""Denoising timesteps, strictly descending in 0..1000."""


class Params(BaseModel):
    """What a client may change while a stream of this pipeline runs.

    A subclass declares the shared keys it honours (`denoising_step_list`, `manage_cache`,
    …) and any of its own, all with defaults. Prompts, transitions, `seed`, `reset_cache`
    and `paused` work on every pipeline and are not declared.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LoadParams(BaseModel):
    """What is fixed when the pipeline is loaded. `seed` is that of streams that name none."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True
    )

    seed: int | None = Field(
        default=None,
        ge=0,
        lt=2**63,
        validation_alias=AliasChoices("seed", "base_seed"),
        description="Seed of streams that name none; empty means a random one.",
    )


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """A pipeline described as a value, so that it can be listed without being imported.

    params_schema, load_schema: JSON Schema. artifacts: files it needs from a model hub.
    unavailable: why it can not run here, or None.
    """

    id: str
    title: str
    description: str
    version: str
    params_schema: Mapping[str, Any]
    load_schema: Mapping[str, Any]
    modes: tuple[Mode, ...] = ("text",)
    default_prompt: str = ""
    min_vram_gb: float | None = None
    artifacts: tuple[Artifact, ...] = ()
    unavailable: str | None = None


class Texts(Protocol):
    """What a pipeline makes of texts before it can use them, where that takes time.

    `prepare` is called on a thread of its own, one text after the other, while `step` runs;
    a stream meets a new text only once it is here. `TextCache` is one.
    """

    def __contains__(self, text: str) -> bool:
        """Whether `step` would find `text` ready."""
        ...

    def prepare(self, text: str) -> None:
        """Make `text` ready. Raises where it can not be had; its prompt is refused then."""
        ...

    def unused(self, text: str) -> str:
        """The end of `text` that is not read, because it is too long; "" when all of it is."""
        ...


class Pipeline(ABC, Generic[StateT, MarkT]):
    """Weights, and the functions of them that move one stream's state forward."""

    id: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    modes: ClassVar[tuple[Mode, ...]] = ("text",)
    default_prompt: ClassVar[str] = ""
    min_vram_gb: ClassVar[float | None] = None
    artifacts: ClassVar[tuple[Artifact, ...]] = ()
    """Files from a model hub; the server fetches them before `__init__` runs."""
    Params: ClassVar[type[Params]] = Params
    LoadParams: ClassVar[type[LoadParams]] = LoadParams

    format: VideoFormat
    """Size and nominal rate; set by `__init__`."""
    chunk_frames: int
    """Frames in a chunk of a stream in full swing (a first chunk may be shorter)."""
    texts: Texts | None = None
    """Where texts are made ready aside; None where a text costs `step` next to nothing."""

    @abstractmethod
    def __init__(self, load: Any, *, device: str, progress: Progress) -> None:
        """Load weights. `load` is a validated `LoadParams` of this pipeline."""

    @abstractmethod
    def open(self, seed: int) -> StateT:
        """A fresh stream's state."""

    @abstractmethod
    def step(self, state: StateT, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        """Make the next chunk, piece by piece, moving `state` forward.

        Yields uint8 [T, H, W, 3] as soon as frames are decoded; T may be 0, which marks a
        point between two denoising steps where the caller may abandon the chunk (it then
        closes the iterator and calls `rollback`). Work after the last piece, such as a
        clean cache pass, happens while the pieces are already on their way. The yielded
        array belongs to the caller.
        """

    @abstractmethod
    def mark(self, state: StateT) -> MarkT:
        """Remember this chunk boundary; cheap (an undo log, not a copy of the cache).

        A mark is valid until two later marks of the same state have been taken.
        """

    @abstractmethod
    def rollback(self, state: StateT, mark: MarkT) -> None:
        """Put `state` back to the boundary `mark` was taken at."""

    @abstractmethod
    def dump(self, state: StateT) -> bytes:
        """The whole state as bytes that `load` restores bit for bit, on this machine."""

    @abstractmethod
    def load(self, dumped: bytes) -> StateT:
        """A state continued from `dump`. Never unpickles. Raises ValueError on bad bytes."""

    def check(self, params: Any) -> None:
        """Judge parameters that are good by themselves against what was loaded.

        Quick, and callable from any thread. Raises InvalidParameters naming the field.
        """

    @classmethod
    def check_load(cls, load: Any) -> None:
        """The same for load parameters, against this machine's disk; nothing is read.

        Raises InvalidParameters naming the field.
        """

    def facts(self) -> Mapping[str, str | int | float | bool | None]:
        """What else decides the pixels here: weights, precision, threads. Kept with every
        timeline, so that a replay knows whether it can be exact.
        """
        return {}

    def close(self) -> None:
        """Free what the garbage collector would not; called once, after all streams."""

    @classmethod
    def spec(cls) -> PipelineSpec:
        """This pipeline as a value."""
        return PipelineSpec(
            id=cls.id,
            title=cls.title,
            description=cls.description,
            version=cls.version,
            params_schema=cls.Params.model_json_schema(),
            load_schema=cls.LoadParams.model_json_schema(),
            modes=cls.modes,
            default_prompt=cls.default_prompt,
            min_vram_gb=cls.min_vram_gb,
            artifacts=cls.artifacts,
        )

"""Running a pipeline without an engine, to compare what it makes.

Knows how to load one, prompt it and collect its pictures; what has to hold is in `testing`.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from scope.control import PromptItem, PromptMix, PromptSchedule, PromptStep
from scope.frames import Pixels
from scope.pipelines.contract import LoadParams, Params, Pipeline

AnyPipeline = Pipeline[Any, Any]


class PipelineTrial:
    """The hooks a test of a pipeline may override, and what its promises are checked with."""

    pipeline: ClassVar[type[AnyPipeline]]
    device: ClassVar[str] = "cpu"
    prompts: ClassVar[tuple[str, str]] = ("a red balloon at dawn", "a stormy sea at night")
    chunks: ClassVar[int] = 3
    """Chunks per comparison; more than the pipeline remembers is a better test."""
    flat_steps: ClassVar[int] = 200
    allowed_growth_mb: ClassVar[float] = 8.0

    def load_params(self) -> LoadParams:
        """What the pipeline is loaded with; small is fast."""
        return self.pipeline.LoadParams()

    def params(self) -> Params:
        """What its streams run with."""
        return self.pipeline.Params()

    def comparable(self, pixels: Pixels) -> Pixels:
        """The part of the pixels that two equal runs share (no clock, for example)."""
        return pixels

    def fresh(self) -> AnyPipeline:
        """A newly loaded pipeline."""
        return self.pipeline(
            self.load_params(), device=self.device, progress=lambda stage, share: None
        )

    def prompt(self, which: int) -> PromptStep:
        """One of the two prompts, in force at once."""
        return PromptStep(mix=PromptMix((PromptItem(self.prompts[which]),)), key=which)

    def pieces(self, pipeline: AnyPipeline, state: Any, which: int) -> Iterable[Pixels]:
        """The pieces of the next chunk, as they come."""
        return pipeline.step(state, self.params(), self.prompt(which))

    def step(self, pipeline: AnyPipeline, state: Any, prompt: PromptStep) -> Pixels:
        """The next chunk under any prompt, as far as it is comparable."""
        return self.comparable(np.concatenate(list(pipeline.step(state, self.params(), prompt))))

    def chunk(self, pipeline: AnyPipeline, state: Any, which: int) -> Pixels:
        """The next chunk under one of the two prompts."""
        return self.step(pipeline, state, self.prompt(which))

    def run(self, pipeline: AnyPipeline, state: Any, *, which: int = 0) -> Pixels:
        """The next `chunks` chunks."""
        return np.concatenate([self.chunk(pipeline, state, which) for _ in range(self.chunks)])

    def glide(self, pipeline: AnyPipeline, state: Any, schedule: PromptSchedule) -> Pixels:
        """Four chunks along a schedule."""
        made = []
        for _ in range(4):
            schedule = schedule.advance()
            made.append(self.step(pipeline, state, schedule.step()))
        return np.concatenate(made)


def hold(condition: bool, otherwise: str) -> None:
    """Raise AssertionError, with a sentence, unless `condition`."""
    if not condition:
        raise AssertionError(otherwise)


def same(a: Pixels, b: Pixels) -> bool:
    """Whether two runs made the same frames."""
    return a.shape == b.shape and bool(np.array_equal(a, b))


def resident_mb() -> float:
    """Memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

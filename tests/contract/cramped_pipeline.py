"""A large model in a process with too little memory: what fails, fails for want of room indeed."""

import re
import resource
from collections.abc import Iterator
from pathlib import Path

import torch

from scope.control import PromptStep
from scope.frames import Pixels
from scope.pipelines.contract import Progress
from scope.pipelines.wan.models import LongLive
from scope.pipelines.wan.params import WanLoad, WanParams
from scope.pipelines.wan.state import WanState

LARGE = 64
"""More rows find no room; fewer do."""
LEFT_BYTES = 24 * 2**20
FLOOD = "a flood"


class Cramped(LongLive):
    """Has LongLive's name and files."""

    def __init__(self, load: WanLoad, *, device: str, progress: Progress) -> None:
        super().__init__(load, device=device, progress=progress)
        if load.height > LARGE:
            allow_hardly_more_memory()

    def step(self, state: WanState, params: WanParams, prompt: PromptStep) -> Iterator[Pixels]:
        """A flood asks for more than any machine has."""
        if any(text == FLOOD for text in prompt.mix.words()):
            torch.empty(2**46, dtype=torch.uint8)
        return super().step(state, params, prompt)


def allow_hardly_more_memory() -> None:
    """For this process; the warm-up of a large size needs more."""
    found = re.search(r"^VmSize:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    assert found
    limit = int(found[1]) * 1024 + LEFT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

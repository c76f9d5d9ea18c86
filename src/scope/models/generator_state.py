"""Everything of one stream that changes over time, and how to go back.

Decides what is remembered at a mark and what is dumped. It does not know how blocks are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from scope.models.block import TextKv
from scope.models.flow import Level
from scope.models.kv_cache import KvCache
from scope.models.modulation import Modulation
from scope.models.tensor_bytes import AnyArray, array_of, tensor_of


@dataclass(frozen=True, slots=True)
class TextState:
    """A prompt as the layers read it."""

    states: Tensor
    layers: tuple[TextKv, ...]

    @property
    def summary(self) -> Tensor:
        """The mean key of the prompt [layers, batch, 1, heads, head_dim]."""
        return torch.stack([layer.keys.float().mean(2) for layer in self.layers])


@dataclass(frozen=True, slots=True)
class Schedule:
    """A step list as the layers read it."""

    steps: tuple[float, ...]
    levels: tuple[Level, ...]
    passes: tuple[Modulation, ...]
    clean: Modulation


@dataclass(frozen=True, slots=True)
class Moment:
    """A stream between two blocks, without its cache; no tensor here is ever written to.

    The prompt is not in it: every step is given its own, and what is cached of it goes by identity.
    """

    seed: int
    frame: int
    recent: Tensor
    first: Tensor


@dataclass(slots=True)
class StreamState:
    seed: int
    cache: KvCache
    frame: int = 0
    """Latent frames made since the last hard cut."""
    recent: Tensor = field(default_factory=lambda: torch.empty(0))
    """The clean frames made last, as many as the window holds."""
    first: Tensor = field(default_factory=lambda: torch.empty(0))
    text: TextState | None = None
    schedule: Schedule | None = None
    _marks: dict[int, Moment] = field(default_factory=dict)

    def add(self, block: Tensor, *, keep: int) -> None:
        """A finished block [1, channels, frames, height, width]."""
        if self.frame == 0:
            self.first, self.recent = block[:, :, :1].clone(), block
        else:
            self.recent = torch.cat((self.recent, block), dim=2)[:, :, -keep:]
        self.frame += block.shape[2]

    def restart(self, seed: int) -> None:
        self.cache.reset()
        self.seed, self.frame = seed, 0
        self.recent = self.first = torch.empty(0)

    def forget_readings(self) -> None:
        """The weights have changed: the prompt and the levels are read anew."""
        self.text = self.schedule = None

    def remember(self) -> Moment:
        return Moment(self.seed, self.frame, self.recent, self.first)

    def recall(self, moment: Moment) -> None:
        self.seed, self.frame = moment.seed, moment.frame
        self.recent, self.first = moment.recent, moment.first

    def mark(self) -> int:
        number = self.cache.mark()
        self._marks = dict(list(self._marks.items())[-1:])
        self._marks[number] = self.remember()
        return number

    def rollback(self, mark: int) -> None:
        self.cache.rollback(mark)
        self.recall(self._marks[mark])
        self._marks = {number: kept for number, kept in self._marks.items() if number <= mark}

    def dump(self) -> dict[str, AnyArray]:
        arrays = self.cache.dump()
        arrays["stream.seed"] = np.array(self.seed, np.uint64)
        arrays["stream.frame"] = np.array(self.frame, np.int64)
        arrays["stream.recent"] = array_of(self.recent)
        arrays["stream.first"] = array_of(self.first)
        return arrays

    def load(self, arrays: Mapping[str, AnyArray], *, frame: tuple[int, int, int]) -> None:
        """Go on from `dump`; frame: channels, rows and columns of a latent. Raises ValueError."""
        seed, count = arrays.get("stream.seed"), arrays.get("stream.frame")
        recent = arrays.get("stream.recent")
        if seed is None or count is None or recent is None:
            raise ValueError("the dumped stream lacks its counters or its frames")
        if seed.shape or count.shape or seed.dtype != np.uint64 or count.dtype != np.int64:
            raise ValueError("the dumped stream's counters are not numbers")
        frames = recent.shape[2] if recent.ndim == 5 else 0
        if count < 0 or bool(frames) != bool(count) or frames > max(64, self.cache.policy.window):
            raise ValueError("the dumped stream's frames do not fit its counters")
        self.cache.load(arrays)
        self.seed, self.frame = int(seed), int(count)
        if frames:
            channels, *picture = frame
            device = self.cache.keys.device
            like = torch.empty(1, channels, frames, *picture)
            self.recent = tensor_of(recent, like).to(device)
            self.first = tensor_of(arrays.get("stream.first"), like[:, :, :1]).to(device)

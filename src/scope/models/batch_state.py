"""Everything of a stream of batched blocks that changes over time, and how to go back.

Decides what is remembered at a mark and what is dumped. It does not know how blocks are advanced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from scope.models.batch_view import CacheRows
from scope.models.block import TextKv
from scope.models.generator_state import TextState
from scope.models.tensor_bytes import AnyArray, array_of, tensor_of
from scope.models.undo_log import MARKS_KEPT

MOST_ROWS = 16


@dataclass(frozen=True, slots=True)
class Flight:
    """A block on its way."""

    x: Tensor
    """What the next row gets; never written to."""
    frame: int
    """The block's first frame, which says where its noise comes from."""


@dataclass(frozen=True, slots=True)
class _Mark:
    seed: int
    frame: int
    flights: tuple[Flight, ...]
    rows: CacheRows
    numbers: tuple[int, ...]


@dataclass(slots=True)
class BatchState:
    seed: int
    rows: CacheRows
    """One past for each level."""
    frame: int = 0
    flights: tuple[Flight, ...] = ()
    """The blocks that rows 1, 2, ... get next."""
    text: TextState | None = None
    spread: tuple[TextKv, ...] = ()
    """The prompt for all rows of the last pass, without a copy."""
    _count: int = 0
    _marks: dict[int, _Mark] = field(default_factory=dict)

    def restart(self, seed: int, rows: CacheRows) -> None:
        self.seed, self.rows, self.frame, self.flights = seed, rows, 0, ()

    def mark(self) -> int:
        self._count += 1
        numbers = tuple(cache.mark() for cache in self.rows.caches)
        fresh = _Mark(self.seed, self.frame, self.flights, self.rows, numbers)
        self._marks = dict(list(self._marks.items())[-(MARKS_KEPT - 1) :])
        self._marks[self._count] = fresh
        return self._count

    def rollback(self, mark: int) -> None:
        if mark not in self._marks:
            raise ValueError("this mark is too old: two later ones have been taken")
        kept = self._marks[mark]
        self.seed, self.frame, self.flights = kept.seed, kept.frame, kept.flights
        self.rows = kept.rows
        for cache, number in zip(self.rows.caches, kept.numbers, strict=True):
            cache.rollback(number)
        self._marks = {number: each for number, each in self._marks.items() if number <= mark}

    def dump(self) -> dict[str, AnyArray]:
        counts = [self.frame, len(self.rows.caches), len(self.flights)]
        arrays = {"batch.seed": np.array(self.seed, np.uint64)}
        arrays["batch.counts"] = np.array(counts, np.int64)
        arrays["batch.frames"] = np.array([flight.frame for flight in self.flights], np.int64)
        for row, flight in enumerate(self.flights):
            arrays[f"batch.flight.{row}"] = array_of(flight.x)
        for row, cache in enumerate(self.rows.caches):
            arrays |= {f"row.{row}.{name}": array for name, array in cache.dump().items()}
        return arrays

    def load(
        self, arrays: Mapping[str, AnyArray], *, blank: Tensor, rows: Callable[[int], CacheRows]
    ) -> None:
        """Go on from `dump`; blank: a block's shape; rows: makes that many. Raises ValueError."""
        seed, counts = arrays.get("batch.seed"), arrays.get("batch.counts")
        frames = arrays.get("batch.frames")
        if seed is None or counts is None or frames is None or seed.shape or counts.shape != (3,):
            raise ValueError("the dumped stream lacks its counters")
        if seed.dtype != np.uint64 or counts.dtype != np.int64 or frames.dtype != np.int64:
            raise ValueError("the dumped stream's counters are not whole numbers")
        frame, levels, flying = (int(count) for count in counts)
        if frame < 0 or not 0 <= levels <= MOST_ROWS or frames.shape != (flying,):
            raise ValueError("the dumped stream's counters do not fit each other")
        if flying >= max(levels, 1):
            raise ValueError("the dumped stream has more blocks in flight than rows")
        self.restart(int(seed), rows(levels))
        for row, cache in enumerate(self.rows.caches):
            mine = f"row.{row}."
            cache.load({n.removeprefix(mine): a for n, a in arrays.items() if n.startswith(mine)})
        self.frame = frame
        self.flights = tuple(
            Flight(self._flight(arrays.get(f"batch.flight.{row}"), blank), int(frames[row]))
            for row in range(flying)
        )

    @staticmethod
    def _flight(array: AnyArray | None, blank: Tensor) -> Tensor:
        like = torch.empty(blank.shape)
        return tensor_of(array, like).to(blank.device)

"""Sums over measured values. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

from bench.wire import WireFrame

CLOCK_HZ = 90_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. bar: (relation, limit), None when the line is there to be read."""

    what: str
    value: float
    unit: str = ""
    bar: tuple[Literal["<=", ">="], float] | None = None
    note: str = ""
    runs: tuple[float, ...] = field(default=())

    def met(self) -> bool | None:
        """Whether the bar is met; None without one. A value that is not a number meets none."""
        if self.bar is None:
            return None
        relation, limit = self.bar
        return self.value <= limit if relation == "<=" else self.value >= limit


def median_of(runs: Sequence[Sequence[Figure]]) -> list[Figure]:
    """The same figures from several runs as one list of medians."""
    return [
        Figure(
            what=same[0].what,
            value=float(np.median([figure.value for figure in same])),
            unit=same[0].unit,
            bar=same[0].bar,
            note=same[0].note,
            runs=tuple(figure.value for figure in same),
        )
        for same in zip(*runs, strict=True)
    ]


def percentile(values: Iterable[float], share: float) -> float:
    """The `share` (0..100) percentile; NaN of nothing."""
    listed = list(values)
    return float(np.percentile(listed, share)) if listed else math.nan


def gaps_s(frames: Sequence[WireFrame]) -> list[float]:
    """Seconds between the ends of consecutive frames."""
    return [later.arrival_s - earlier.arrival_s for earlier, later in pairwise(frames)]


def slope(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Least-squares slope of y over x, and its standard error."""
    xs, ys = np.asarray(x, float), np.asarray(y, float)
    if len(xs) < 3:
        return math.nan, math.nan
    centred = xs - xs.mean()
    spread = float((centred**2).sum())
    incline = float((centred * (ys - ys.mean())).sum()) / spread
    residue = ys - ys.mean() - incline * centred
    error = math.sqrt(float((residue**2).sum()) / (len(xs) - 2) / spread)
    return incline, error


def clock_ratio(frames: Sequence[WireFrame]) -> float:
    """Seconds of RTP time per second of wall time."""
    ratio, _ = slope(
        [frame.arrival_s for frame in frames], [frame.timestamp / CLOCK_HZ for frame in frames]
    )
    return ratio


def between(frames: Sequence[WireFrame], start_s: float, end_s: float) -> list[WireFrame]:
    """The frames that arrived in that time."""
    return [frame for frame in frames if start_s <= frame.arrival_s < end_s]

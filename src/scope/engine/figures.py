"""How long a stream's chunks take, as running figures.

Decides what "the chunk time" of a stream is for leads, admission and the watchdog. Knows
nothing of clocks or devices: it is told durations.
"""

import math
from collections import deque

WINDOW = 64


class ChunkTimes:
    """Generation times of the last chunks, seeded by the nominal time measured at load."""

    def __init__(self, nominal_s: float, *, window: int = WINDOW) -> None:
        self._times_s: deque[float] = deque([nominal_s], maxlen=window)
        self._p95_s = nominal_s

    def add(self, seconds: float) -> None:
        """Count one finished chunk."""
        self._times_s.append(seconds)
        ordered = sorted(self._times_s)
        self._p95_s = ordered[math.ceil(0.95 * len(ordered)) - 1]

    @property
    def p95_s(self) -> float:
        """The time that 95 % of the counted chunks stay within; the longest of a few."""
        return self._p95_s

    @property
    def median_s(self) -> float:
        """The middle of the counted times."""
        ordered = sorted(self._times_s)
        return ordered[len(ordered) // 2]

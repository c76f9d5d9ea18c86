"""When a lost worker is started again, and when one that is silent is given up. Pure.

Knows nothing of processes: it is asked for delays and deadlines.
"""

from collections import deque
from dataclasses import dataclass

MAX_DELAY_S = 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a chunk, or whatever else is asked of a worker, may take.

    A worker counts as stalled after the longer of `stall_s` and `stall_medians` usual
    chunks; it is killed after `kill_factor` times that. start_s: how long a child may take
    to come up. answer_s: how long a question to it may stay open. ask_s: how often it is
    asked whether it is there. load_silent_s: how long it need not answer that in a load.
    """

    stall_s: float = 10.0
    stall_medians: float = 10.0
    kill_factor: float = 3.0
    start_s: float = 60.0
    answer_s: float = 10.0
    ask_s: float = 5.0
    load_silent_s: float = 600.0

    def stalled_after_s(self, median_s: float) -> float:
        """Seconds into a chunk from which on the worker counts as stalled."""
        return max(self.stall_s, self.stall_medians * median_s)

    def killed_after_s(self, median_s: float) -> float:
        """Seconds into a chunk at which the worker is killed."""
        return self.kill_factor * self.stalled_after_s(median_s)


class Backoff:
    """At once after a first loss, then 1, 2, 4 … 30 s; a stable period makes it forget."""

    def __init__(self, *, stable_s: float = 60.0, max_delay_s: float = MAX_DELAY_S) -> None:
        self._stable_s = stable_s
        self._max_delay_s = max_delay_s
        self._losses = 0
        self._up_since_s: float | None = None

    def up(self, now_s: float) -> None:
        """The worker works."""
        self._up_since_s = now_s

    def lost(self, now_s: float) -> float:
        """The worker is gone; how long to wait before the next one is started."""
        up_since_s, self._up_since_s = self._up_since_s, None
        if up_since_s is not None and now_s - up_since_s >= self._stable_s:
            self._losses = 0
        self._losses += 1
        if self._losses == 1:
            return 0.0
        return float(min(self._max_delay_s, 2.0 ** (self._losses - 2)))


class Shortages:
    """Counts how often the device ran out of memory: a third time in ten minutes is too often."""

    def __init__(self, *, limit: int = 3, within_s: float = 600.0) -> None:
        self._within_s = within_s
        self._times_s: deque[float] = deque(maxlen=limit)

    def add(self, now_s: float) -> None:
        """It happened."""
        self._times_s.append(now_s)

    def too_many(self, now_s: float) -> bool:
        """Whether loading the same again is pointless."""
        full = len(self._times_s) == self._times_s.maxlen
        return full and now_s - self._times_s[0] <= self._within_s

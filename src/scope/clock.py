"""Time as a value that can be handed in, so that rules about time need no sleep to be tested."""

import time
from typing import Protocol


class Clock(Protocol):
    """A source of seconds that never goes back."""

    def now(self) -> float:
        """Seconds since an arbitrary start; the same start in every process of one machine."""
        ...


class MonotonicClock:
    """CLOCK_MONOTONIC, shared by all processes of the machine."""

    def now(self) -> float:
        """Seconds on CLOCK_MONOTONIC."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now(self) -> float:
        """Seconds, as last set."""
        return self._now_s

    def advance(self, by_s: float) -> None:
        """Move forward by `by_s` ≥ 0 seconds."""
        if by_s < 0:
            raise ValueError("a clock never goes back")
        self._now_s += by_s

"""When a peer counts as silent, lost, or flooding; rules on numbers alone."""

from collections import deque
from typing import Literal

Verdict = Literal["fine", "silent", "lost"]


class Liveness:
    """A peer owes reports only while it is sent pictures.

    A paused stream proves nothing, so the time is counted from the first picture sent
    since the peer was last heard.
    """

    def __init__(self, *, silence_s: float, lost_s: float) -> None:
        self._silence_s = silence_s
        self._lost_s = lost_s
        self._unanswered_since_s: float | None = None

    def sent(self, now_s: float) -> None:
        """A picture went out."""
        if self._unanswered_since_s is None:
            self._unanswered_since_s = now_s

    def heard(self) -> None:
        """A report came in."""
        self._unanswered_since_s = None

    def verdict(self, now_s: float) -> Verdict:
        """What to think of the peer now."""
        if self._unanswered_since_s is None:
            return "fine"
        waited_s = now_s - self._unanswered_since_s
        if waited_s >= self._lost_s:
            return "lost"
        return "silent" if waited_s >= self._silence_s else "fine"


class Budget:
    """So much within so long; what is older than the window no longer counts."""

    def __init__(self, *, limit: int, window_s: float) -> None:
        self._limit = limit
        self._window_s = window_s
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def spend(self, amount: int, *, now_s: float) -> bool:
        """Take `amount`; False (and nothing is taken) when that is over the limit."""
        while self._spent and now_s - self._spent[0][0] >= self._window_s:
            self._total -= self._spent.popleft()[1]
        if self._total + amount > self._limit:
            return False
        self._total += amount
        if self._spent and now_s - self._spent[-1][0] < self._window_s / 100:
            at_s, before = self._spent.pop()
            self._spent.append((at_s, before + amount))
        else:
            self._spent.append((now_s, amount))
        return True

"""Patience with one child, from what it says of itself and what it answers.

Decides which report means that it is busy, idle, or there at all. Knows nothing of processes
or streams.
"""

from collections.abc import Callable

from scope.engine.ear_watch import EarWatch
from scope.engine.messages import (
    Busy,
    Here,
    Idle,
    Loaded,
    NotLoaded,
    Ready,
    Report,
    TurnBegan,
    TurnEnded,
)
from scope.engine.supervisor import Patience
from scope.engine.turn_watch import TurnWatch


class ChildWatch:
    """Calls `stalled(why)`, then `give_up(why)`, on the event loop; `ask()` makes it say `Here`."""

    def __init__(
        self,
        patience: Patience,
        *,
        ask: Callable[[], None],
        stalled: Callable[[str], None],
        give_up: Callable[[str], None],
    ) -> None:
        self._stalled = stalled
        self._turn = TurnWatch(patience, stalled=stalled, give_up=give_up)
        self._ear = EarWatch(patience, ask=ask, stalled=self._silent, give_up=give_up)

    def starting(self) -> None:
        """A child is coming up."""
        self._turn.starting()

    def loading(self) -> None:
        """It is told to load something."""
        self._ear.loads(True)

    def heard(self, report: Report) -> None:
        """What it says."""
        match report:
            case TurnBegan(_, median_s):
                self._turn.began("a chunk", median_s)
                self._ear.usual_s = median_s
            case Busy(what, usual_s):
                self._turn.began(what, usual_s)
            case TurnEnded() | Idle():
                self._turn.rest()
            case Ready():
                self._turn.rest()
                self._ear.begin()
            case Loaded() | NotLoaded():
                self._ear.loads(False)
            case Here():
                self._ear.heard()

    def rest(self) -> None:
        """There is no child to wait for."""
        self._turn.rest()
        self._ear.rest()

    def _silent(self, why: str) -> None:
        if not self._turn.watching:  # else that says why
            self._stalled(why)

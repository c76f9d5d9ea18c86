"""One timer over a child: while it starts, and while it is busy with one thing.

Decides when to call it stalled and when to give it up, by `Patience`. Knows nothing of
processes or streams.
"""

import asyncio
from collections.abc import Callable

from scope.engine.supervisor import Patience


class TurnWatch:
    """Calls `stalled(why)`, then `give_up(why)`, on the event loop."""

    def __init__(
        self,
        patience: Patience,
        *,
        stalled: Callable[[str], None],
        give_up: Callable[[str], None],
    ) -> None:
        self._patience = patience
        self._stalled = stalled
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None

    @property
    def watching(self) -> bool:
        """Whether something is in progress."""
        return self._timer is not None

    def starting(self) -> None:
        """A child is coming up."""
        self._set(self._patience.start_s, lambda: self._give_up("did not start in time"))

    def began(self, what: str, usual_s: float) -> None:
        """`what` is in progress; it usually takes `usual_s`."""
        self._set(self._patience.stalled_after_s(usual_s), lambda: self._is_stalled(what, usual_s))

    def rest(self) -> None:
        """Nothing is in progress."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_stalled(self, what: str, usual_s: float) -> None:
        stalled_s = self._patience.stalled_after_s(usual_s)
        left_s = self._patience.killed_after_s(usual_s) - stalled_s
        self._set(left_s, lambda: self._give_up(f"hung in {what}"))
        self._stalled(f"{what[0].upper()}{what[1:]} has taken more than {stalled_s:.1f} s so far.")

    def _set(self, after_s: float, then: Callable[[], None]) -> None:
        self.rest()
        self._timer = asyncio.get_running_loop().call_later(after_s, then)

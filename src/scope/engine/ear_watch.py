"""Asks a child now and then whether it is there: one that was stopped says nothing of itself.

Decides how long it may be silent, by `Patience`: as long as it may take for a chunk, and far
longer while it loads, when its interpreter may be held for long. Silence is counted in
questions, not in time, so that a parent that was itself held up does not blame its child.
"""

import asyncio
from collections.abc import Callable

from scope.engine.supervisor import Patience


class EarWatch:
    """Calls `ask()` while all is well, else `stalled(why)`, then `give_up(why)`, on the event loop.

    loading, usual_s: whether the child loads, and how long one of its chunks usually takes.
    """

    def __init__(
        self,
        patience: Patience,
        *,
        ask: Callable[[], None],
        stalled: Callable[[str], None],
        give_up: Callable[[str], None],
    ) -> None:
        self._patience = patience
        self._ask = ask
        self._stalled = stalled
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None
        self._silent_s = 0.0
        self._asked = False
        self._loading = False
        self.usual_s = 0.0

    def begin(self) -> None:
        """A child is up."""
        self.rest()
        self._loading, self.usual_s = False, 0.0
        self.heard()
        self._look()

    def heard(self) -> None:
        """It has answered."""
        self._asked, self._silent_s = False, 0.0

    def loads(self, loading: bool) -> None:
        """A load begins or has ended; it was silent for good reason until now."""
        self._loading, self._silent_s = loading, 0.0

    def rest(self) -> None:
        """There is nobody to ask."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._patience.ask_s, self._look)
        if self._asked:
            self._was_silent()
        else:
            self._asked = True
            self._ask()

    def _was_silent(self) -> None:
        before_s, self._silent_s = self._silent_s, self._silent_s + self._patience.ask_s
        patience_s = self._patience.killed_after_s(self.usual_s)
        if self._silent_s >= (self._patience.load_silent_s if self._loading else patience_s):
            self.rest()
            self._give_up("did not answer")
        elif before_s < self._patience.stalled_after_s(self.usual_s) <= self._silent_s:
            self._stalled(f"The worker has not answered for {self._silent_s:.1f} s.")

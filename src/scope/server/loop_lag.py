"""How late the event loop is: the one figure that shows somebody blocked it."""

import asyncio
from collections import deque

PERIOD_S = 0.05
KEPT = 1200  # a minute


class LoopLag:
    """Wakes twenty times a second and notes by how much it was late."""

    def __init__(self) -> None:
        self._late_s: deque[float] = deque(maxlen=KEPT)

    async def run(self) -> None:
        """Measure until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            expected_s = loop.time() + PERIOD_S
            await asyncio.sleep(PERIOD_S)
            self.note(loop.time() - expected_s)

    def note(self, late_s: float) -> None:
        """One wake-up came `late_s` too late."""
        self._late_s.append(max(0.0, late_s))

    def p99_s(self) -> float:
        """The 99th percentile over the last minute."""
        if not self._late_s:
            return 0.0
        ordered = sorted(self._late_s)
        return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]

    def max_s(self) -> float:
        """The worst of the last minute."""
        return max(self._late_s, default=0.0)

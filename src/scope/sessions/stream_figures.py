"""What a session counts about its stream: rates and delays over a short past; pure."""

from collections import deque
from dataclasses import dataclass, field
from statistics import median

RATE_WINDOW_S = 2.0
DELAYS_KEPT = 64


@dataclass(slots=True)
class StreamTally:
    """Running counts of one stream. Times are CLOCK_MONOTONIC seconds."""

    frames_sent: int = 0
    _sent_at_s: deque[float] = field(default_factory=deque)
    _prompt_delays_s: deque[float] = field(default_factory=lambda: deque(maxlen=DELAYS_KEPT))
    _wire_delays_s: deque[float] = field(default_factory=lambda: deque(maxlen=DELAYS_KEPT))

    def sent(self, *, now_s: float, produced_s: float) -> None:
        """A frame went out that left the pipeline at `produced_s`."""
        self.frames_sent += 1
        self._sent_at_s.append(now_s)
        self._wire_delays_s.append(now_s - produced_s)
        self._forget(now_s)

    def prompt_shown(self, delay_s: float) -> None:
        """The first frame of a prompt went out `delay_s` after the prompt came."""
        self._prompt_delays_s.append(delay_s)

    def fps(self, *, now_s: float) -> float:
        """Frames a second over the last two seconds, or since the first of them."""
        self._forget(now_s)
        if len(self._sent_at_s) < 2:
            return 0.0
        return (len(self._sent_at_s) - 1) / max(now_s - self._sent_at_s[0], 1e-3)

    def prompt_delay_ms(self) -> float | None:
        """Median time from a prompt to its first frame."""
        return _median_ms(self._prompt_delays_s)

    def wire_delay_ms(self) -> float | None:
        """Median time from the pipeline to the wire."""
        return _median_ms(self._wire_delays_s)

    def _forget(self, now_s: float) -> None:
        while self._sent_at_s and now_s - self._sent_at_s[0] > RATE_WINDOW_S:
            self._sent_at_s.popleft()


def _median_ms(delays_s: deque[float]) -> float | None:
    return round(1000 * median(delays_s), 1) if delays_s else None

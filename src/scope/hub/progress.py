"""How far a download is: speed, time left, and the sentence people read.

Pure: told bytes and the time, it answers with values.
"""

from collections import deque
from dataclasses import dataclass, replace

from scope.hub.order import Failed, Finished, Moved, News, Planned, Stage

WINDOW_S = 10.0
STEADY_S = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a download. file: what is in hand. bytes_per_s, eta_s: None until known."""

    running: bool = True
    stage: Stage = "asking"
    file: str | None = None
    bytes_done: int = 0
    bytes_total: int = 0
    bytes_per_s: float | None = None
    eta_s: float | None = None
    error: Failed | None = None

    @property
    def fraction(self) -> float:
        """0..1; 0 while the total is unknown."""
        return min(1.0, self.bytes_done / self.bytes_total) if self.bytes_total else 0.0

    def in_words(self) -> str:
        """One line such as "Downloading 3.1 of 8.4 GB · 41 MB/s · 2 min left"."""
        if self.error is not None:
            return self.error.detail
        if not self.running:
            return "Downloaded"
        if not self.bytes_total:
            return "Asking the hub for sizes"
        if self.stage == "checking":
            return f"Checking {self.file}"
        words = f"Downloading {_of(self.bytes_done, self.bytes_total)}"
        if self.bytes_per_s and self.eta_s is not None:
            words += f" · {_speed(self.bytes_per_s)} · {_left(self.eta_s)} left"
        return words


class Meter:
    """Turns the child's news into progress."""

    def __init__(self) -> None:
        self.progress = Progress()
        self._marks: deque[tuple[float, int]] = deque()

    def heard(self, news: News, *, now_s: float) -> Progress:
        """Take `news` in; the progress after it."""
        match news:
            case Planned(total, done):
                self.progress = replace(self.progress, bytes_total=total, bytes_done=done)
            case Moved(stage, name, done):
                self.progress = self._moved(stage, name, done, now_s)
            case Failed():
                self.progress = replace(self.progress, running=False, error=news)
            case Finished():
                self.progress = replace(
                    self.progress,
                    running=False,
                    file=None,
                    bytes_done=self.progress.bytes_total,
                    eta_s=0.0,
                )
        return self.progress

    def _moved(self, stage: Stage, name: str, done: int, now_s: float) -> Progress:
        if stage != "downloading" or (self._marks and done < self._marks[-1][1]):
            self._marks.clear()
        if stage == "downloading":
            self._marks.append((now_s, done))
        while self._marks and now_s - self._marks[0][0] > WINDOW_S:
            self._marks.popleft()
        speed = self._speed()
        left = self.progress.bytes_total - done
        return replace(
            self.progress,
            stage=stage,
            file=name,
            bytes_done=done if self.progress.bytes_total else 0,
            bytes_per_s=speed,
            eta_s=left / speed if speed else None,
        )

    def _speed(self) -> float | None:
        if len(self._marks) < 2:
            return None
        (first_s, first), (last_s, last) = self._marks[0], self._marks[-1]
        if last_s - first_s < STEADY_S or last <= first:
            return None
        return (last - first) / (last_s - first_s)


def _of(done: int, total: int) -> str:
    if total < 10**9:
        return f"{done / 10**6:.0f} of {total / 10**6:.0f} MB"
    return f"{done / 10**9:.1f} of {total / 10**9:.1f} GB"


def _speed(bytes_per_s: float) -> str:
    if bytes_per_s < 10**6:
        return f"{bytes_per_s / 1000:.0f} kB/s"
    return f"{bytes_per_s / 10**6:.0f} MB/s"


def _left(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"

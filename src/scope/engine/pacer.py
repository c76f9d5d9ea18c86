"""When each frame is due, and which pts it carries. Pure.

Decides the start hold, an even period when generation is slower than nominal, and that a
late frame moves everything after it instead of being followed by a bunch. Knows nothing of
encoders, peers or of how waiting is done.

One pacer belongs to one player, which uses it so:

    pacer = Pacer(fps=handle.format.fps, chunk_frames=handle.chunk_frames)
    pacer.restart(chunk_s=handle.nominal_chunk_s())   # someone watches, from now on
    handle.play(pacer.playhead(clock.now()))
    while True:
        frame = await handle.frames.get()
        due = pacer.due(index=frame.index, chunk=frame.chunk,
                        arrived_s=frame.produced_s, now=clock.now())
        if due.moved:
            handle.play(pacer.playhead(clock.now()))
        ...wait until due.due_s, encode with due.pts, handle.frames.done(frame.index)...

After a pause, or when somebody watches again: `restart` and `play` once more; the pts jumps
over the gap. `due_s` may lie a little in the past: show such a frame at once.

In slow motion (a chunk is known to take longer than it plays, or came after the last frame
of the one before was over) the period is stretched so that a chunk lasts until the next one
is expected; from then on it follows the chunks until it is back at nominal.
"""

from collections import deque
from dataclasses import dataclass
from statistics import median

from scope.engine.api import Playhead
from scope.frames import VIDEO_CLOCK_HZ

GUARD_S = 0.02  # how early a chunk should be there in slow motion
TOLERANCE_S = 0.001
MAX_BEHIND_PERIODS = 2.0
REMEMBERED = 5  # chunks; the middle one counts, so that a single hiccup does not
MAX_STRETCH = 50.0  # of the nominal period, whatever the arrivals say


@dataclass(frozen=True, slots=True)
class Due:
    """due_s: when to show the frame. pts: that time at 90 kHz, 0 for the first frame.

    moved: where later frames are due has changed; tell the engine by `play`.
    """

    due_s: float
    pts: int
    moved: bool


class Pacer:
    """Due times of one stream's frames, in order."""

    def __init__(self, *, fps: float, chunk_frames: int) -> None:
        self._nominal_s = 1.0 / fps
        self._chunk_frames = chunk_frames
        self._period_s = self._nominal_s
        self._chunk_s = 0.0
        self._hold = True  # the next frame is the first of a run
        self._slow = False
        self._next_index = 0
        self._due_s: float | None = None  # of the frame last asked about
        self._origin_s: float | None = None  # where pts is 0
        self._pts = -1
        self._chunk: int | None = None
        self._chunk_arrived_s = 0.0
        self._intervals_s: deque[float] = deque(maxlen=REMEMBERED)  # from chunk to chunk

    @property
    def period_s(self) -> float:
        """Seconds a frame is shown at present."""
        return self._period_s

    def restart(self, *, chunk_s: float) -> None:
        """The next frame begins a run: at the start, after a pause, when watched again.

        It is held back long enough that the run does not dry up at once when a chunk takes
        `chunk_s` to make.
        """
        self._chunk_s = chunk_s
        self._hold = True
        self._chunk = None
        self._intervals_s.clear()
        self._slow = chunk_s > self._chunk_frames * self._nominal_s
        if self._slow:
            self._intervals_s.append(chunk_s)
        else:
            self._period_s = self._nominal_s

    def playhead(self, now: float) -> Playhead:
        """Where playback is, for the worker; before the first frame of a run: due now."""
        if self._hold or self._due_s is None:
            return Playhead(self._next_index, now, self._period_s)
        return Playhead(self._next_index - 1, self._due_s, self._period_s)

    def due(self, *, index: int, chunk: int, arrived_s: float, now: float) -> Due:
        """The next frame's due time. Frames come in order; `arrived_s` ≤ `now`."""
        expected_s = None if self._due_s is None or self._hold else self._due_s + self._period_s
        if expected_s is None:
            due_s, moved = self._first(arrived_s, now), True
        else:
            due_s, moved = self._next(expected_s, arrived_s, now)
        if chunk != self._chunk:
            moved = self._follow(chunk, arrived_s, due_s) or moved
        self._due_s = due_s
        self._next_index = index + 1
        if self._origin_s is None:
            self._origin_s = due_s
        self._pts = max(self._pts + 1, round((due_s - self._origin_s) * VIDEO_CLOCK_HZ))
        return Due(due_s, self._pts, moved)

    def _first(self, arrived_s: float, now: float) -> float:
        """A run begins: behind what was shown before, and not so early that it dries up."""
        self._hold = False
        hold_s = max(0.0, self._chunk_s - self._chunk_frames * self._nominal_s)
        due_s = max(arrived_s, now) + hold_s
        return due_s if self._due_s is None else max(due_s, self._due_s + self._period_s)

    def _next(self, expected_s: float, arrived_s: float, now: float) -> tuple[float, bool]:
        """One period on, unless the frame was not there yet or the player is far behind."""
        late = arrived_s > expected_s + TOLERANCE_S
        due_s = max(expected_s, arrived_s)
        if now - due_s > MAX_BEHIND_PERIODS * self._period_s:
            due_s = now
        self._slow = self._slow or late
        return due_s, due_s > expected_s + TOLERANCE_S

    def _follow(self, chunk: int, arrived_s: float, due_s: float) -> bool:
        """A chunk begins: learn how fast they come; in slow motion, set the period by it."""
        if self._chunk is not None:
            self._intervals_s.append(arrived_s - self._chunk_arrived_s)
        self._chunk = chunk
        self._chunk_arrived_s = arrived_s
        if not self._slow or not self._intervals_s:
            return False
        usual_s = median(self._intervals_s)
        guard_s = GUARD_S + 2 * median(abs(each - usual_s) for each in self._intervals_s)
        slack_s = due_s - arrived_s
        moved = self._set_period((usual_s + guard_s - slack_s) / self._chunk_frames)
        self._slow = self._period_s > self._nominal_s
        return moved

    def _set_period(self, period_s: float) -> bool:
        """Keep it between nominal and a bound; whether it changed."""
        bounded = min(max(period_s, self._nominal_s), MAX_STRETCH * self._nominal_s)
        changed = abs(bounded - self._period_s) > 1e-6
        self._period_s = bounded
        return changed

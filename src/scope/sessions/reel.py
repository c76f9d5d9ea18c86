"""The frames of one stream on their way to the screen: which come next, and when each is due.

Decides how many are taken in one go. It does not know encoders, peers, or how is waited.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scope.clock import Clock
from scope.engine.api import StreamHandle
from scope.engine.pacer import Pacer
from scope.frames import Frame
from scope.sessions.ahead import Ahead


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame, when to show it (seconds of the clock), and its media time (90 kHz)."""

    frame: Frame
    due_s: float
    pts: int


class Reel:
    """Reads the frames of a stream as copies of our own, and keeps the engine informed."""

    def __init__(self, *, handle: StreamHandle, clock: Clock) -> None:
        self._handle = handle
        self._clock = clock
        self._pacer = Pacer(fps=handle.format.fps, chunk_frames=handle.chunk_frames)
        self.ahead = Ahead()

    def start(self) -> None:
        """Frames are wanted from now on."""
        self._pacer.restart(chunk_s=self._handle.nominal_chunk_s())
        self._tell()

    def stop(self) -> None:
        """No more are wanted for now."""
        self._handle.play(None)

    async def next(self) -> Frame | None:
        """The next frame; None at the end.

        Nothing that waits may hold a frame of the engine's: the traceback of a player that is
        cancelled would keep all its memory until the next collection of garbage.
        """
        try:
            return self._own(await self._handle.frames.get())
        except EOFError:
            return None

    def next_nowait(self) -> Frame | None:
        """The next frame if there is one."""
        frame = self._handle.frames.get_nowait()
        return None if frame is None else self._own(frame)

    def shots(self, first: Frame, *, after_pts: int) -> list[Shot]:
        """`first`, and as many frames of its chunk as are there and can be encoded in time."""
        shots, moved = [], False
        for frame in self._taken(first):
            due = self._pacer.due(
                index=frame.index,
                chunk=frame.chunk,
                arrived_s=frame.produced_s,
                now=self._clock.now(),
            )
            after_pts = max(due.pts, after_pts + 1)
            moved = moved or due.moved
            shots.append(Shot(frame, due.due_s, after_pts))
            spare_s = shots[0].due_s - self._clock.now()
            if len(shots) >= self.ahead.frames(spare_s=spare_s, period_s=self._pacer.period_s):
                break
        if moved:
            self._tell()
        return shots

    def _taken(self, first: Frame) -> Iterator[Frame]:
        yield first
        while (frame := self._handle.frames.more_of_chunk()) is not None:
            yield self._own(frame)

    def _own(self, frame: Frame) -> Frame:
        """A copy, so that the engine may use the memory again at once."""
        own = replace(frame, pixels=frame.pixels.copy())
        self._handle.frames.done(frame.index)
        return own

    def _tell(self) -> None:
        self._handle.play(self._pacer.playhead(self._clock.now()))

"""One live stream: its state, its control and the chunk it is in.

Decides what happens inside a turn: which updates a chunk takes, when the past is cut, what
a failed step costs, how frames are numbered, and what is abandoned on `apply_now`. Knows
nothing of other streams, of time slices or of who watches.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scope.clock import Clock
from scope.control import ControlUpdate
from scope.engine.api import Playhead, StreamFigures
from scope.engine.control import Control, is_hard_cut
from scope.engine.control_mailbox import ControlMailbox, Merged
from scope.engine.failures import error_info, is_out_of_memory
from scope.engine.figures import ChunkTimes
from scope.engine.outlet import Outlet
from scope.engine.turn import Contender
from scope.errors import GenerationFailed, InvalidParameters, OutOfMemory
from scope.events import (
    EngineEvent,
    ErrorInfo,
    PauseChanged,
    StopReason,
    StreamStopped,
    StreamWarning,
    UpdateApplied,
    UpdateRejected,
)
from scope.frames import Chunk, Pixels
from scope.pipelines.contract import Pipeline

MAX_FAILURES = 3
KEPT_BOUNDARIES = 2  # a pipeline's mark is valid until two later ones have been taken


@dataclass(frozen=True, slots=True)
class Boundary:
    """A chunk boundary that can be returned to, and what was taken in there."""

    state: Any
    mark: Any
    control: Control
    taken: Merged | None
    first_index: int
    chunk: int


class StreamLoop:
    """Runs `Pipeline.step` for one stream, one chunk a turn."""

    def __init__(
        self,
        *,
        stream_id: str,
        pipeline: Pipeline[Any, Any],
        control: Control,
        outlet: Outlet,
        tell: Callable[[EngineEvent], None],
        clock: Clock,
        nominal_chunk_s: float,
        dumped: bytes | None = None,
    ) -> None:
        self.id = stream_id
        self.playhead: Playhead | None = None
        self.stopped = False
        self.times = ChunkTimes(nominal_chunk_s)
        self._was_played = False
        self._pipeline = pipeline
        self._control = control
        self._mailbox = ControlMailbox(type(control.params), control.values)
        self._outlet = outlet
        self._tell = tell
        self._clock = clock
        self._dumped = dumped
        self._state: Any = None
        self._opened = False
        self._entered = False
        self._boundaries: deque[Boundary] = deque(maxlen=KEPT_BOUNDARIES)
        self._unconfirmed: tuple[int, ...] = ()
        self._first_index = 0  # of the chunk in progress, or of the next one
        self._handed = 0  # frames of the chunk in progress that are out already
        self._chunk = 0
        self._failures = 0
        self._rewind_to: int | None = None
        self._rewinds_asked = 0
        self._frames_made = 0
        self._chunks_made = 0

    # What others tell it.

    def receive(self, update: ControlUpdate, *, drop_from: int | None = None) -> None:
        """Take an update in, or refuse it alone. A pause takes effect at once."""
        before = self.paused
        try:
            self._mailbox.put(update)
        except InvalidParameters as error:
            self._tell(UpdateRejected(self.id, update.revision, error_info(error)))
            if drop_from is not None:
                self._outlet.rewind(self._first_index + self._handed)
            return
        if drop_from is not None:
            self._rewinds_asked += 1
            earlier = drop_from if self._rewind_to is None else self._rewind_to
            self._rewind_to = min(drop_from, earlier)
        if self.paused != before:
            self._tell(PauseChanged(self.id, update.revision, self.paused))

    def play(self, playhead: Playhead | None) -> None:
        """Where playback is; None: nobody watches."""
        self.playhead = playhead
        self._was_played = self._was_played or playhead is not None

    def stop(self) -> None:
        """End without a word; the one who asks knows why."""
        self.stopped = True
        self._state = None
        self._boundaries.clear()
        self._outlet.close()

    # What it tells about itself.

    @property
    def paused(self) -> bool:
        """Whether generation is to stand still, updates that wait included."""
        return self._mailbox.paused(self._control.paused)

    def contender(self) -> Contender | None:
        """This stream as a bidder for the next turn; None when it wants none."""
        if self.stopped or self.paused:
            return None
        next_index = self._first_index + self._handed
        if self.playhead is not None:
            kept = next_index if self._rewind_to is None else min(next_index, self._rewind_to)
            dry_at_s: float | None = self.playhead.dry_at_s(kept)
        elif not self._was_played and self._chunks_made == 0:
            dry_at_s = None
        else:
            return None
        has_room = self._outlet.has_room(next_index, self._pipeline.chunk_frames - self._handed)
        return Contender(self.id, self.times.p95_s, dry_at_s, has_room or self._wants_rewind)

    def figures(self, lead_s: float) -> StreamFigures:
        """Running figures, with the lead the worker gives it."""
        return StreamFigures(self._frames_made, self._chunks_made, self.times.p95_s, lead_s)

    # One turn.

    def run_once(self, between: Callable[[], None]) -> None:
        """Make one chunk, or fail to. `between` is called where news may be looked at."""
        try:
            self._rewind()
            if not self._entered:
                self._enter()
            if self._generate(between):
                self._failures = 0
        except Exception as error:  # noqa: BLE001 - a pipeline may raise anything; here it ends
            self._survive(error)

    def _enter(self) -> None:
        """Cross into the next chunk: take what waits, cut if it says so, remember the spot."""
        if not self._opened:
            self._open()
        taken = self._mailbox.take()
        before = self._control
        if taken is not None:
            self._control = before.apply(taken.update)
            self._unconfirmed += taken.revisions
        boundary = Boundary(
            self._state,
            self._pipeline.mark(self._state),
            before,
            taken,
            self._first_index,
            self._chunk,
        )
        self._boundaries.append(boundary)
        if taken is not None and is_hard_cut(before, self._control, taken.update):
            self._state = self._pipeline.open(self._control.seed)
        self._control = self._control.advance()
        self._handed = 0
        self._entered = True

    def _open(self) -> None:
        if self._dumped is None:
            self._state = self._pipeline.open(self._control.seed)
        else:
            self._state = self._pipeline.load(self._dumped)
            self._dumped = None
        self._opened = True

    def _generate(self, between: Callable[[], None]) -> bool:
        """Run the step; True when the chunk is complete, False when it was abandoned."""
        began_s = self._clock.now()
        pieces = self._pipeline.step(self._state, self._control.params, self._control.prompt())
        skip = self._handed  # a step that failed half-way has handed these out before
        made = 0
        last_piece = False
        try:
            for piece in pieces:
                made += len(piece)
                self._check(piece, made)
                fresh, skip = piece[skip:], max(0, skip - len(piece))
                if len(fresh):
                    last_piece = self._hand_out(fresh, began_s)
                between()
                if self.stopped or (self._wants_rewind and self._rewinds_this_chunk()):
                    return False
        finally:
            _close(pieces)
        if not last_piece:
            self._hand_out(self._nothing(), began_s, last_piece=True)
        self._leave(self._clock.now() - began_s)
        return True

    def _leave(self, seconds: float) -> None:
        self.times.add(seconds)
        self._first_index += self._handed
        self._handed = 0
        self._chunk += 1
        self._chunks_made += 1
        self._entered = False

    def _hand_out(self, pixels: Pixels, began_s: float, *, last_piece: bool = False) -> bool:
        first_index = self._first_index + self._handed
        if len(pixels):
            self._confirm()
        self._handed += len(pixels)
        self._frames_made += len(pixels)
        last_piece = last_piece or self._handed == self._pipeline.chunk_frames
        now_s = self._clock.now()
        chunk = Chunk(
            pixels=pixels,
            first_index=first_index,
            revision=self._control.revision,
            seconds=now_s - began_s,
            chunk=self._chunk,
            last_piece=last_piece,
            produced_s=now_s,
        )
        self._outlet.put(chunk)
        return last_piece

    def _confirm(self) -> None:
        for revision in self._unconfirmed:
            self._tell(UpdateApplied(self.id, revision, self._chunk, self._first_index))
        self._unconfirmed = ()

    def _nothing(self) -> Pixels:
        size = self._pipeline.format
        return np.empty((0, size.height, size.width, 3), np.uint8)

    def _check(self, piece: Pixels, made: int) -> None:
        size = self._pipeline.format
        if piece.dtype != np.uint8 or piece.shape[1:] != (size.height, size.width, 3):
            raise GenerationFailed(
                f"A step yielded {piece.dtype} {piece.shape}, not uint8 "
                f"[T, {size.height}, {size.width}, 3]."
            )
        if made > self._pipeline.chunk_frames:
            raise GenerationFailed(
                f"A step yielded more than the {self._pipeline.chunk_frames} frames of a chunk."
            )

    # Going back.

    @property
    def _wants_rewind(self) -> bool:
        return self._rewind_to is not None

    def _rewinds_this_chunk(self) -> bool:
        return self._rewind_to is not None and self._first_index >= self._rewind_to

    def _rewind(self) -> None:
        """Return to the earliest boundary whose frames may all be dropped, if there is one."""
        wanted, self._rewind_to = self._rewind_to, None
        if wanted is None:
            return
        void = [b for b in self._boundaries if b.first_index >= wanted]
        if void:
            for boundary in reversed(void):
                self._boundaries.pop()
                if boundary.taken is not None:
                    self._mailbox.put_back(boundary.taken)
            target = void[0]
            self._return_to(target)
            self._control = target.control
            self._entered = False
        for _ in range(self._rewinds_asked):  # each one asked for holds the reader back
            self._outlet.rewind(self._first_index + self._handed)
        self._rewinds_asked = 0

    def _return_to(self, boundary: Boundary) -> None:
        self._pipeline.rollback(boundary.state, boundary.mark)
        self._state = boundary.state
        self._first_index = boundary.first_index
        self._chunk = boundary.chunk
        self._handed = 0

    def _survive(self, error: Exception) -> None:
        """Go back to the chunk's boundary to try again, or end the stream."""
        if is_out_of_memory(error):
            self._end(StopReason.OUT_OF_MEMORY, error_info(error, kind=OutOfMemory))
            return
        self._failures += 1
        info = error_info(error, kind=GenerationFailed)
        if self._failures >= MAX_FAILURES or not self._go_back():
            self._end(StopReason.GENERATION_FAILED, info)
            return
        self._tell(StreamWarning(self.id, info))

    def _go_back(self) -> bool:
        """Undo the failed step; frames that are out already stay out."""
        if not self._entered:
            return self._opened or self._dumped is None
        boundary = self._boundaries[-1]
        try:
            self._pipeline.rollback(boundary.state, boundary.mark)
            cut = boundary.taken is not None and is_hard_cut(
                boundary.control, self._control, boundary.taken.update
            )
            self._state = self._pipeline.open(self._control.seed) if cut else boundary.state
        except Exception:  # noqa: BLE001 - the same foreign code; the caller ends the stream
            return False
        return True

    def _end(self, reason: StopReason, info: ErrorInfo) -> None:
        self.stop()
        self._tell(StreamStopped(self.id, reason, info))


def _close(pieces: Iterator[Pixels]) -> None:
    """End a generator now, not when it is collected; a plain iterator has nothing to end."""
    close = getattr(pieces, "close", None)
    if close is not None:
        close()

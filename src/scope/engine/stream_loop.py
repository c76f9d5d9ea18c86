"""One live stream: its state, its control and the chunk it is in.

Decides what happens inside a turn: which updates a chunk takes, when the past is cut, what
a failed step costs, how frames are numbered, and what is abandoned on `apply_now`. Knows
nothing of other streams, of time slices or of who watches.
"""

import contextlib
from collections.abc import Callable
from typing import Any

from scope.clock import Clock
from scope.control import ControlUpdate
from scope.engine.api import Playhead, StreamFigures
from scope.engine.boundaries import Boundaries, Boundary, Rewind
from scope.engine.control import Control
from scope.engine.failures import error_info, is_out_of_memory
from scope.engine.figures import ChunkTimes
from scope.engine.handing import Handing, Place
from scope.engine.intake import Intake
from scope.engine.outlet import Outlet
from scope.engine.pieces import no_frames, pieces_of_step
from scope.engine.script import Script
from scope.engine.snapshot import StreamSnapshot
from scope.engine.texts_ahead import Ahead, NothingAhead
from scope.engine.turn import MARGIN_S, Contender
from scope.errors import GenerationFailed, OutOfMemory
from scope.events import (
    ChunksUndone,
    EngineEvent,
    ErrorInfo,
    PauseChanged,
    StopReason,
    StreamStopped,
    StreamWarning,
    UpdateRejected,
    UpdateTaken,
)
from scope.frames import Pixels
from scope.pipelines.contract import Pipeline

MAX_FAILURES = 3


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
        texts: Ahead | None = None,
    ) -> None:
        self.id = stream_id
        self.playhead: Playhead | None = None
        self.stopped = False
        self.times = ChunkTimes(nominal_chunk_s)
        self._was_played = False
        self._pipeline = pipeline
        self._control = control
        self._intake = Intake(
            stream_id=stream_id,
            control=control,
            texts=texts or NothingAhead(),
            tell=tell,
            judge=pipeline.check,
        )
        self._outlet = outlet
        self._tell = tell
        self._clock = clock
        self._dumped: bytes | None = None
        self._state: Any = None
        self._opened = False
        self._entered = False
        self._boundaries = Boundaries()
        self._out = Handing(stream_id=stream_id, outlet=outlet, tell=tell)
        self._failures = 0
        self._rewind = Rewind()

    # What others tell it.

    def receive(self, update: ControlUpdate, *, drop_from: int | None = None) -> None:
        """Take an update in, or refuse it alone. A pause takes effect at once."""
        before = self.paused
        try:
            self._intake.put(update)
        except Exception as error:  # noqa: BLE001 - the pipeline's own judge may fail too
            self._tell(UpdateRejected(self.id, update.revision, error_info(error)))
            if drop_from is not None:
                self._outlet.rewind(self._out.next_index)
            return
        if drop_from is not None:
            self._rewind.ask(drop_from)
        if self.paused != before:
            self._tell(PauseChanged(self.id, update.revision, self.paused))

    def play(self, playhead: Playhead | None) -> None:
        """Where playback is; None: nobody watches."""
        self.playhead = playhead
        self._was_played = self._was_played or playhead is not None

    def follow(self, script: Script) -> None:
        """Take what `script` has for each chunk."""
        self._intake.script = script

    def go_on(self, snapshot: StreamSnapshot) -> None:
        """Begin where another stream was when it was dumped; its control is in force already."""
        self._dumped = snapshot.state
        self._was_played = True
        self._out.place = snapshot.at
        self._intake.go_on(snapshot.waiting, snapshot.script)

    def stop(self) -> None:
        """End without a word; the one who asks knows why."""
        self.stopped = True
        self._intake.close()
        self._state = None
        self._boundaries.clear()
        self._outlet.close()

    # What it tells about itself.

    @property
    def paused(self) -> bool:
        """Whether generation is to stand still, updates that wait included."""
        return self._intake.paused(self._control.paused)

    def contender(self) -> Contender | None:
        """This stream as a bidder for the next turn; None when it wants none."""
        if self.stopped or self.paused:
            return None
        next_index = self._out.next_index
        if self.playhead is not None:
            waits = self._rewind and not self._intake.words_ready()  # without them, what for?
            patience_s = self.times.p95_s + MARGIN_S if waits else 0.0
            dry_s = self.playhead.dry_at_s(self._rewind.next_index(next_index))
            dry_at_s: float | None = dry_s + patience_s
        elif not self._was_played and self._out.chunks_made == 0:
            dry_at_s = None
        else:
            return None
        if not self._entered and not self._has_words():
            return None
        has_room = self._outlet.has_room(next_index, self._pipeline.chunk_frames - self._out.handed)
        return Contender(self.id, self.times.p95_s, dry_at_s, has_room or bool(self._rewind))

    def figures(self, lead_s: float) -> StreamFigures:
        """Running figures, with the lead the worker gives it."""
        out = self._out
        return StreamFigures(out.frames_made, out.chunks_made, self.times.p95_s, lead_s)

    def dump(self) -> StreamSnapshot:
        """This stream at its next chunk boundary; what a step that failed took waits again."""
        self._return()
        control, state, taken = self._control, self._state, None
        if self._entered:
            boundary = self._boundaries.last
            control, state, taken = boundary.control, boundary.state, boundary.taken
        return StreamSnapshot.of(
            control,
            state=self._pipeline.dump(state) if self._opened else self._dumped,
            at=self._out.place,
            waiting=self._intake.waiting(taken),
            script=self._intake.rest_of_script(taken),
        )

    # One turn.

    def run_once(self, between: Callable[[], None]) -> None:
        """Make one chunk, or fail to. `between` is called where news may be looked at."""
        try:
            self._return()
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
        before, chunk, index = self._control, self._out.number, self._out.first_index
        taken = self._intake.take(chunk=chunk, first_index=index, before=before)
        if taken is not None:
            self._control = before.apply(taken.update)
            self._out.expect(taken.revisions)
            scripted = taken.scripted > 0
            self._tell(UpdateTaken(self.id, chunk, index, taken.update, scripted))
        mark = self._pipeline.mark(self._state)
        boundary = Boundary(self._state, mark, before, taken, index, chunk)
        self._boundaries.remember(boundary)
        if boundary.cuts(self._control):
            self._state = self._pipeline.open(self._control.seed)
        self._control = self._control.advance()
        self._entered = True

    def _has_words(self) -> bool:
        at, first = self._out.place, None if self._opened else self._control
        return self._intake.ready(chunk=at.chunk, first_index=at.first_index, first=first)

    def _open(self) -> None:
        pipeline, dumped = self._pipeline, self._dumped
        self._state = pipeline.open(self._control.seed) if dumped is None else pipeline.load(dumped)
        self._dumped, self._opened = None, True

    def _generate(self, between: Callable[[], None]) -> bool:
        """Run the step; True when the chunk is complete, False when it was abandoned."""
        began_s = self._clock.now()
        pieces = pieces_of_step(
            self._pipeline,
            self._state,
            self._control.params,
            self._control.prompt(),
            skip=self._out.handed,  # a step that failed half-way has handed these out before
        )
        last_piece = False
        with contextlib.closing(pieces):
            for piece in pieces:
                if len(piece):
                    last_piece = self._hand_out(piece, began_s)
                between()
                if self.stopped or self._rewind.covers(self._out.first_index):
                    return False
        if not last_piece:
            self._hand_out(no_frames(self._pipeline.format), began_s, last_piece=True)
        self._leave(self._clock.now() - began_s)
        return True

    def _leave(self, seconds: float) -> None:
        self.times.add(seconds)
        self._out.complete()
        self._entered = False

    def _hand_out(self, pixels: Pixels, began_s: float, *, last_piece: bool = False) -> bool:
        whole = self._out.handed + len(pixels) == self._pipeline.chunk_frames
        now_s = self._clock.now()
        self._out.put(
            pixels,
            revision=self._control.revision,
            seconds=now_s - began_s,
            now_s=now_s,
            last_piece=last_piece or whole,
        )
        return last_piece or whole

    # Going back.

    def _return(self) -> None:
        """Return to the earliest boundary whose frames may all be dropped, if there is one."""
        granted = self._rewind.grant()
        if granted is None:
            return
        index, asked = granted
        for boundary in self._boundaries.forget_from(index):
            self._intake.put_back(boundary.taken)
            self._return_to(boundary)
            self._tell(ChunksUndone(self.id, self._out.number, self._out.first_index))
        for _ in range(asked):  # each one asked for holds the reader back
            self._outlet.rewind(self._out.next_index)

    def _return_to(self, boundary: Boundary) -> None:
        self._pipeline.rollback(boundary.state, boundary.mark)
        self._state = boundary.state
        self._control = boundary.control
        self._out.place = Place(boundary.first_index, boundary.chunk)
        self._entered = False

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
        boundary = self._boundaries.last
        try:
            self._pipeline.rollback(boundary.state, boundary.mark)
            cut = boundary.cuts(self._control)
            self._state = self._pipeline.open(self._control.seed) if cut else boundary.state
        except Exception:  # noqa: BLE001 - the same foreign code; the caller ends the stream
            return False
        return True

    def _end(self, reason: StopReason, info: ErrorInfo) -> None:
        self.stop()
        self._tell(StreamStopped(self.id, reason, info))

"""Which sessions are recorded, and where their recordings are.

Decides how many at once, that a recording ends with its session at the latest, and when files
are tidied away. It does not know HTTP.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from scope.errors import AtCapacity, RecordingNotFound, ScopeError, StateError
from scope.media.shelf import RecordingShelf, ShelfLimits
from scope.protocol.notices import ErrorNotice
from scope.sessions.recording import Recording, RecordingState
from scope.sessions.session import Session
from scope.sessions.tasks import OwnedTasks

TIDY_EVERY_S = 600.0
RETRY_AFTER_S = 30.0
THREADS = 2
FAILURES_KEPT = 256

T = TypeVar("T")

log = structlog.get_logger("scope.sessions")


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """running: recordings at once; max_bytes: of one. first_picture_s: what one that is stopped
    at once waits for its first picture, so that there is a file.
    """

    running: int = 8
    max_bytes: int = 2 * 2**30
    first_picture_s: float = 2.0
    shelf: ShelfLimits = field(default_factory=ShelfLimits)


class Recorder:
    """All recordings of this server."""

    def __init__(self, folder: Path, *, limits: RecorderLimits) -> None:
        self._limits = limits
        self._shelf = RecordingShelf(folder, limits=limits.shelf)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="recording")
        self._running: dict[str, Recording] = {}
        self._failures: dict[Path, str] = {}  # of files that are not whole, the newest last
        self._starting: dict[str, asyncio.Lock] = {}
        self._tasks = OwnedTasks()
        self._background = OwnedTasks()

    def begin(self) -> None:
        """Tidy now and then from now on."""
        self._background.start(self._tidy(), name="recordings")

    async def start(self, session: Session) -> RecordingState:
        """Record that session; nothing new if it is recorded already.

        Raises AtCapacity, and StateError where no file can be made.
        """
        async with self._starting.setdefault(session.id, asyncio.Lock()):
            if running := self._running.get(session.id):
                return running.state
            if len(self._running) >= self._limits.running:
                raise AtCapacity(
                    f"{self._limits.running} recordings run already.", retry_after_s=RETRY_AFTER_S
                )
            try:
                number, path = await self._on_thread(partial(self._shelf.place_for, session.id))
            except OSError as error:
                raise StateError(f"Nothing can be recorded: {error}.") from error
            recording = Recording(
                session_id=session.id,
                number=number,
                path=path,
                pool=self._pool,
                max_bytes=self._limits.max_bytes,
                ended=partial(self._ended, session),
            )
            self._running[session.id] = recording
            self._tasks.start(self._record(session, recording), name=recording.id)
            return recording.state

    async def stop(self, session_id: str) -> RecordingState:
        """End the recording of that session, or tell how the last one ended.

        Raises RecordingNotFound.
        """
        if recording := self._running.get(session_id):
            await recording.has_begun(at_most_s=self._limits.first_picture_s)
            recording.finish()
            await recording.is_written.wait()
            return recording.state
        number, path = await self.file(session_id)
        size = await self._on_thread(lambda: path.stat().st_size)
        error = self._failures.get(path)
        return RecordingState(session_id, number, running=False, bytes=size, error=error)

    async def file(self, session_id: str, number: int | None = None) -> tuple[int, Path]:
        """A finished recording of that session. Raises RecordingNotFound, StateError."""
        found = await self._on_thread(partial(self._shelf.find, session_id, number))
        if found is None:
            raise RecordingNotFound("There is no such recording.")
        running = self._running.get(session_id)
        if running is not None and running.path == found[1]:
            raise StateError("It is still being recorded; stop it first.", retry_after_s=1)
        return found

    def wish(self, session: Session, wanted: bool) -> None:
        """A client's own wish, on the data channel."""
        self._tasks.start(self._fulfil(session, wanted), name=f"recording wish {session.id}")

    async def aclose(self) -> None:
        """Complete every file."""
        await self._background.aclose()
        for recording in tuple(self._running.values()):
            recording.finish()
        await self._tasks.join()
        self._pool.shutdown(wait=False)

    async def _record(self, session: Session, recording: Recording) -> None:
        over = asyncio.ensure_future(session.over.wait())
        over.add_done_callback(lambda _: recording.finish())
        session.player.add(recording)
        try:
            await recording.write(session.handle.format)
        finally:
            over.cancel()
            session.player.remove(recording)
            self._note(recording)
            self._running.pop(session.id, None)
            self._starting.pop(session.id, None)

    def _note(self, recording: Recording) -> None:
        """How it ended, for who asks later."""
        if (error := recording.state.error) is not None:
            self._failures[recording.path] = error
        while len(self._failures) > FAILURES_KEPT:
            del self._failures[next(iter(self._failures))]

    def _ended(self, session: Session, recording: Recording) -> None:
        session.player.remove(recording)
        why = recording.state.error or "The recording has ended."
        ended = ErrorNotice(
            severity="warning", code="recording_ended", field="recording", detail=why
        )
        session.audience.tell(ended, only=session.audience.controller)

    async def _fulfil(self, session: Session, wanted: bool) -> None:
        """Who controls is told where it can not be."""
        try:
            await (self.start(session) if wanted else self._stop_quietly(session.id))
        except ScopeError as error:
            refused = ErrorNotice(code=error.code, field="recording", detail=error.detail)
            session.audience.tell(refused, only=session.audience.controller)

    async def _stop_quietly(self, session_id: str) -> None:
        if session_id in self._running:
            await self.stop(session_id)

    async def _tidy(self) -> None:
        while True:
            keep = {recording.path for recording in self._running.values()}
            try:
                await self._on_thread(partial(self._shelf.tidy, now_s=time.time(), keep=keep))
            except Exception as error:  # a disk may fail for a while; the next time it may not
                log.error("recordings_not_tidied", exc_info=error)
            await asyncio.sleep(TIDY_EVERY_S)

    async def _on_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

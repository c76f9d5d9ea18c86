"""One recording of a session: a listener that gets every packet and passes it to a file.

Decides when it begins (with a keyframe) and when it has to end by itself: a full file, a disk
that is too slow or full. The disk is never touched on the event loop.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import av

from scope.frames import Codec, EncodedFrame, VideoFormat
from scope.media.recording import RecordingFile

T = TypeVar("T")

MOST_WAITING = 1_800
"""Packets; a minute at 30 a second. A disk that is further behind will not catch up."""


@dataclass(frozen=True, slots=True)
class RecordingState:
    """How one recording is. error: why it ended by itself, or is not whole."""

    session_id: str
    number: int
    running: bool
    seconds: float = 0.0
    bytes: int = 0
    error: str | None = None


class Recording:
    """Gets packets like a peer. ended: called once, when it ends by itself or what had come when
    it was ended could not be written.
    """

    codec: Codec = "H264"

    def __init__(
        self,
        *,
        session_id: str,
        number: int,
        path: Path,
        pool: Executor,
        max_bytes: int,
        ended: Callable[["Recording"], None],
    ) -> None:
        self.id = f"recording {session_id} {number}"
        self.session_id = session_id
        self.number = number
        self.path = path
        self._pool = pool
        self._max_bytes = max_bytes
        self._ended = ended
        self._waiting: deque[EncodedFrame] = deque()
        self._news = asyncio.Event()
        self._begun = asyncio.Event()
        self._over = False
        self._file: RecordingFile | None = None
        self._error: str | None = None
        self.is_written = asyncio.Event()

    @property
    def state(self) -> RecordingState:
        """How it is now."""
        file = self._file
        return RecordingState(
            session_id=self.session_id,
            number=self.number,
            running=not self._over,
            seconds=0.0 if file is None else round(file.seconds, 3),
            bytes=0 if file is None else file.bytes,
            error=self._error,
        )

    def push(self, frame: EncodedFrame) -> None:
        """The next packet; those before the first keyframe are of no use."""
        if self._over or not (self._begun.is_set() or frame.keyframe):
            return
        self._begun.set()
        self._waiting.append(frame)
        self._news.set()
        if len(self._waiting) > MOST_WAITING:
            self._give_up("The disk is too slow.")

    async def has_begun(self, *, at_most_s: float) -> None:
        """Wait for the first picture, but not for ever."""
        try:
            async with asyncio.timeout(at_most_s):
                await self._begun.wait()
        except TimeoutError:
            return

    def finish(self) -> None:
        """No more packets; what has come is still written, see `is_written`."""
        self._over = True
        self._news.set()

    async def write(self, video: VideoFormat) -> None:
        """Pass packets on until the end. Runs as a task of its own."""
        try:
            self._file = await self._on_thread(lambda: RecordingFile(self.path, video=video))
            await self._pass_on(self._file)
        except (OSError, av.FFmpegError) as error:
            self._give_up(f"The recording could not be written: {error}.")
        except Exception:
            self._give_up("The recording broke off.")
            raise
        finally:
            self._over = True
            self.is_written.set()

    async def _pass_on(self, file: RecordingFile) -> None:
        try:
            while not self._over or self._waiting:
                await self._news.wait()
                self._news.clear()
                frames = tuple(self._waiting)
                self._waiting.clear()
                await self._on_thread(partial(file.add, frames))
                if file.bytes > self._max_bytes and not self._over:
                    self._give_up("The recording is as long as one may be.")
                if self._over:
                    self._news.set()
        finally:
            await self._on_thread(file.close)
            if not file.bytes:
                await self._on_thread(partial(self.path.unlink, missing_ok=True))

    def _give_up(self, why: str) -> None:
        if self._error is not None:
            return
        self._error = why
        self.finish()
        self._ended(self)

    async def _on_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

"""The video track of a peer: pictures go in by `push` and on to whoever sends them.

Decides what is dropped when the peer can not be sent to: everything up to the next
keyframe, so that what arrives always decodes. It does not know who encodes or how is sent.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from scope.frames import EncodedFrame

MAX_WAITING_FRAMES = 12


class GeneratedVideoTrack(MediaStreamTrack):
    """Encoded frames in and out; a few wait for the sender to begin, never for it to go on."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[EncodedFrame] = deque()
        self._send: Callable[[EncodedFrame], bool] | None = None
        self._over = asyncio.Event()
        self._needs_keyframe = True
        self.sent_frames = 0
        self.dropped_frames = 0

    def push(self, frame: EncodedFrame) -> bool:
        """Send `frame` or keep it; False when it was dropped and only a keyframe helps."""
        if self._over.is_set():
            self.dropped_frames += 1
            return True
        if len(self._frames) >= MAX_WAITING_FRAMES:
            self._skip_to_keyframe()
        if self._needs_keyframe and not frame.keyframe:
            self.dropped_frames += 1
            return False
        self._needs_keyframe = False
        self._frames.append(frame)
        return self._flush()

    def send_to(self, send: Callable[[EncodedFrame], bool]) -> None:
        """Hand every frame to `send`, those that waited first; it says whether it took it."""
        self._send = send
        self._flush()

    async def recv(self) -> Any:
        """Wait for the end: no frame is ever fetched."""
        await self._over.wait()
        raise MediaStreamError

    def stop(self) -> None:
        """End the track; a `recv` that waits raises."""
        super().stop()
        self._frames.clear()
        self._send = None
        self._over.set()

    def _flush(self) -> bool:
        while self._send is not None and self._frames:
            if not self._send(self._frames[0]):
                self._skip_to_keyframe()
                return False
            if self._frames:  # else the track was stopped by the one who sent
                self._frames.popleft()
                self.sent_frames += 1
        return True

    def _skip_to_keyframe(self) -> None:
        """Drop what waits; the next frame taken is a keyframe."""
        self.dropped_frames += len(self._frames)
        self._frames.clear()
        self._needs_keyframe = True

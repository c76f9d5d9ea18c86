"""The video track a peer's sender reads from, fed by `push`.

Decides what is dropped when the peer can not be sent to: everything up to the next
keyframe, so that what arrives always decodes. It does not know who encodes.
"""

import asyncio
from collections import deque
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from scope.frames import VIDEO_CLOCK_HZ, EncodedFrame

MAX_WAITING_FRAMES = 12
TIME_BASE = Fraction(1, VIDEO_CLOCK_HZ)


class GeneratedVideoTrack(MediaStreamTrack):
    """Encoded frames in, packets out; never more than a few waiting."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[EncodedFrame] = deque()
        self._arrived = asyncio.Event()
        self._needs_keyframe = True
        self.sent_frames = 0
        self.dropped_frames = 0

    def push(self, frame: EncodedFrame) -> bool:
        """Queue `frame`; False when it was dropped and only a keyframe helps."""
        if len(self._frames) >= MAX_WAITING_FRAMES:
            self.skip_to_keyframe()
        if self._needs_keyframe and not frame.keyframe:
            self.dropped_frames += 1
            return False
        self._needs_keyframe = False
        self._frames.append(frame)
        self._arrived.set()
        return True

    def skip_to_keyframe(self) -> None:
        """Drop what waits; the next frame taken is a keyframe."""
        self.dropped_frames += len(self._frames)
        self._frames.clear()
        self._needs_keyframe = True

    async def recv(self) -> Any:
        """The next frame as an `av.Packet`; called by the sender."""
        while not self._frames:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        frame = self._frames.popleft()
        self.sent_frames += 1
        packet = av.Packet(frame.data)
        packet.pts = frame.pts
        packet.time_base = TIME_BASE
        return packet

    def stop(self) -> None:
        """End the track; a `recv` that waits raises."""
        super().stop()
        self._frames.clear()
        self._arrived.set()

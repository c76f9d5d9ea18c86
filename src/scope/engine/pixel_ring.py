"""Frames of one stream in memory that two processes share.

Anonymous memory: it has no name, so nothing is left behind however its users die, and the
size of /dev/shm does not limit it. The server's process makes it and sends the descriptor
to the child; it is freed when both have let go, also of the last numpy view.

Frame `i` lies in slot `i % slots`. One writer, one reader. The reader's count of released
frames and the writer's flag "I wait for room" are two aligned 64-bit integers in front.
"""

import mmap
import os
import tempfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scope.frames import Pixels, VideoFormat

HEADER_BYTES = mmap.PAGESIZE
RELEASED, WAITING = 0, 1


@dataclass(frozen=True, slots=True)
class RingShape:
    """How big a ring is."""

    slots: int
    height: int
    width: int

    @classmethod
    def of(cls, size: VideoFormat, slots: int) -> "RingShape":
        """The ring for frames of this size."""
        return cls(slots, size.height, size.width)

    @property
    def size_bytes(self) -> int:
        """Header and frames."""
        return HEADER_BYTES + self.slots * self.height * self.width * 3


def new_memory(shape: RingShape) -> int:
    """A descriptor of fresh shared memory; the caller closes it once it has been sent."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("scope-frames", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.ftruncate(descriptor, shape.size_bytes)
    return descriptor


class PixelRing:
    """Either end of a ring."""

    def __init__(self, descriptor: int, shape: RingShape) -> None:
        self._shape = shape
        # No close(): views keep the mapping alive and it ends with the last one of them.
        memory = mmap.mmap(descriptor, shape.size_bytes)
        self._header: NDArray[np.int64] = np.frombuffer(memory, np.int64, count=2)
        self._frames: Pixels = np.frombuffer(memory, np.uint8, offset=HEADER_BYTES).reshape(
            shape.slots, shape.height, shape.width, 3
        )

    # The writer's end.

    def has_room(self, next_index: int, frames: int) -> bool:
        """Whether `frames` frames from number `next_index` on may be written.

        The flag goes up before the count is read, so that no release is missed.
        """
        self._header[WAITING] = 1
        room = next_index + frames - int(self._header[RELEASED]) <= self._shape.slots
        if room:
            self._header[WAITING] = 0
        return room

    def write(self, first_index: int, pixels: Pixels) -> None:
        """Copy frames in, which there must be room for."""
        start = first_index % self._shape.slots
        head = min(len(pixels), self._shape.slots - start)
        self._frames[start : start + head] = pixels[:head]
        if head < len(pixels):
            self._frames[: len(pixels) - head] = pixels[head:]

    # The reader's end.

    def read(self, first_index: int, frames: int) -> list[Pixels]:
        """Views of frames that were written: one, or two where they wrap around."""
        start = first_index % self._shape.slots
        head = min(frames, self._shape.slots - start)
        views = [self._frames[start : start + head]]
        if head < frames:
            views.append(self._frames[: frames - head])
        return views

    def release(self, index: int) -> bool:
        """Frames up to `index` may be overwritten. True if the writer waits for that."""
        self._header[RELEASED] = max(int(self._header[RELEASED]), index + 1)
        if not self._header[WAITING]:
            return False
        self._header[WAITING] = 0
        return True

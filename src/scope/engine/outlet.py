"""Where a stream's frames go, as the worker sees it: one protocol, and the thread's home.

Decides when a buffer is full. Knows nothing of who reads it.
"""

from collections.abc import Callable
from typing import Protocol

from scope.frames import Chunk


class Outlet(Protocol):
    """The way out for the frames of one stream."""

    def has_room(self, next_index: int, frames: int) -> bool:
        """Whether `frames` frames from number `next_index` on fit in now.

        After False the worker is woken once the reader has released something.
        """
        ...

    def put(self, chunk: Chunk) -> None:
        """Hand out a piece; there must be room."""
        ...

    def rewind(self, from_index: int) -> None:
        """Frames from `from_index` on are void and will be made anew.

        Said once for every update that asked to act now: each holds the reader back.
        """
        ...

    def close(self) -> None:
        """Nothing more will come."""
        ...


class LocalOutlet:
    """Frames for a reader in the same process: only counts, arrays are handed over.

    `release` is called by the reader, everything else by the worker.
    """

    def __init__(
        self,
        *,
        slots: int,
        deliver: Callable[[Chunk], None],
        rewound: Callable[[int], None],
        wake: Callable[[], None],
        released: int = 0,
    ) -> None:
        self._slots = slots
        self._deliver = deliver
        self._rewound = rewound
        self._wake = wake
        self._released = released  # frames before this one are none of ours
        self._waiting = False

    def has_room(self, next_index: int, frames: int) -> bool:
        """See `Outlet`. The flag goes up before the count is read, so no release is missed."""
        self._waiting = True
        room = next_index + frames - self._released <= self._slots
        if room:
            self._waiting = False
        return room

    def put(self, chunk: Chunk) -> None:
        """See `Outlet`."""
        self._deliver(chunk)

    def rewind(self, from_index: int) -> None:
        """See `Outlet`."""
        self._rewound(from_index)

    def close(self) -> None:
        """See `Outlet`."""

    def release(self, index: int) -> None:
        """The reader is done with every frame up to `index`."""
        self._released = max(self._released, index + 1)
        if self._waiting:
            self._waiting = False
            self._wake()

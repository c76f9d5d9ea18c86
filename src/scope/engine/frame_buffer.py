"""The frames of one stream that are made and not yet shown.

Filled from the engine's home (on the event loop's thread), emptied by one reader. It is
bounded by the producer, which makes nothing it has no lead for; this class only counts.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from scope.frames import Chunk, Frame


class FrameBuffer:
    """A queue of `Frame`s with one reader.

    `release(index)` is called when the reader is done with every frame up to `index`, so
    that a home can reuse the memory behind them.
    """

    def __init__(self, *, release: Callable[[int], None] | None = None) -> None:
        self._frames: deque[Frame] = deque()
        self._ready = asyncio.Event()
        self._closed = False
        self._release = release

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, chunk: Chunk) -> None:
        """Append the frames of a chunk or a piece of one. After `close` they are dropped."""
        if self._closed:
            return
        for offset in range(len(chunk)):
            self._frames.append(
                Frame(
                    pixels=chunk.pixels[offset],
                    index=chunk.first_index + offset,
                    revision=chunk.revision,
                    chunk=chunk.chunk,
                    produced_s=chunk.produced_s,
                )
            )
        if self._frames:
            self._ready.set()

    async def get(self) -> Frame:
        """Wait for the next frame. Raises EOFError when closed and empty."""
        while not self._frames:
            if self._closed:
                raise EOFError("the stream has ended")
            self._ready.clear()
            await self._ready.wait()
        return self._frames.popleft()

    def done(self, index: int) -> None:
        """The reader holds no pixels of frames up to `index` any more."""
        if self._release is not None:
            self._release(index)

    def drop_from(self, index: int) -> int:
        """Forget buffered frames numbered `index` and later; how many those were."""
        dropped = 0
        while self._frames and self._frames[-1].index >= index:
            self._frames.pop()
            dropped += 1
        return dropped

    def close(self) -> None:
        """No more frames will come; wakes the reader."""
        self._closed = True
        self._ready.set()

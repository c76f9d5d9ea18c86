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
        self._last: Frame | None = None
        self._held_from: int | None = None
        self._holds = 0

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
        while (frame := self.get_nowait()) is None:
            if self._closed:
                raise EOFError("the stream has ended")
            self._ready.clear()
            await self._ready.wait()
        return frame

    def get_nowait(self) -> Frame | None:
        """The next frame if one may be taken now."""
        if not self._frames or self._is_held(self._frames[0].index):
            return None
        self._last = self._frames.popleft()
        return self._last

    def attach(self, release: Callable[[int], None]) -> None:
        """What comes from now on lies elsewhere; what is here already stays where it is."""
        self._release = release

    def more_of_chunk(self) -> Frame | None:
        """The next frame if it may be taken now and belongs to the chunk of the last one."""
        if self._last is None or not self._frames or self._frames[0].chunk != self._last.chunk:
            return None
        return self.get_nowait()

    def done(self, index: int) -> None:
        """The reader holds no pixels of frames up to `index` any more."""
        if self._release is not None:
            self._release(index)

    def hold_after_shown_chunk(self) -> int:
        """Keep back what comes after the chunk being shown; the first index kept back.

        For an update that acts now: until `drop_from` says what is void, the reader gets
        the rest of the chunk it is in and nothing beyond it.
        """
        shown = self._last.chunk if self._last is not None else None
        if shown is None:
            held_from = self._frames[0].index if self._frames else 0
        else:
            after = self._last.index + 1 if self._last is not None else 0
            same = [frame.index + 1 for frame in self._frames if frame.chunk == shown]
            held_from = max([after, *same])
        self._holds += 1
        self._held_from = held_from if self._held_from is None else min(held_from, self._held_from)
        return held_from

    def drop_from(self, index: int) -> int:
        """Forget buffered frames numbered `index` and later; how many those were.

        Ends one hold; the reader goes on once every hold has ended.
        """
        dropped = 0
        while self._frames and self._frames[-1].index >= index:
            self._frames.pop()
            dropped += 1
        self._holds = max(0, self._holds - 1)
        if not self._holds:
            self._held_from = None
            self._ready.set()
        return dropped

    def close(self) -> None:
        """No more frames will come; wakes the reader."""
        self._closed = True
        self._held_from = None
        self._ready.set()

    def leave(self) -> None:
        """The reader is gone: nothing is kept for it, so the memory behind can go too."""
        self.close()
        self._frames.clear()
        self._last = None
        self._release = None

    def _is_held(self, index: int) -> bool:
        return self._held_from is not None and index >= self._held_from

import asyncio
import weakref

import numpy as np
import pytest

from scope.engine.frame_buffer import FrameBuffer
from scope.frames import Chunk


def chunk(first_index: int, frames: int = 4, *, number: int = 0) -> Chunk:
    return Chunk(
        pixels=np.full((frames, 2, 2, 3), first_index, np.uint8),
        first_index=first_index,
        revision=3,
        seconds=0.1,
        chunk=number,
        last_piece=True,
        produced_s=1.5,
    )


def test_frames_come_out_as_they_went_in() -> None:
    buffer = FrameBuffer()
    buffer.put(chunk(0))
    buffer.put(chunk(4, number=1))
    frames = [buffer.get_nowait() for _ in range(8)]
    assert [frame.index for frame in frames if frame] == list(range(8))
    assert frames[5]
    assert (frames[5].chunk, frames[5].revision, frames[5].produced_s) == (1, 3, 1.5)
    assert buffer.get_nowait() is None


def test_a_reader_waits_for_a_frame_or_the_end() -> None:
    async def scenario() -> None:
        buffer = FrameBuffer()
        reader = asyncio.create_task(buffer.get())
        await asyncio.sleep(0)
        buffer.put(chunk(0, 1))
        assert (await reader).index == 0
        reader = asyncio.create_task(buffer.get())
        await asyncio.sleep(0)
        buffer.close()
        with pytest.raises(EOFError):
            await reader

    asyncio.run(scenario())


def test_after_the_end_what_was_made_is_still_given_out_and_nothing_is_added() -> None:
    async def scenario() -> None:
        buffer = FrameBuffer()
        buffer.put(chunk(0, 1))
        buffer.close()
        buffer.put(chunk(1, 1))
        assert (await buffer.get()).index == 0
        with pytest.raises(EOFError):
            await buffer.get()

    asyncio.run(scenario())


def test_more_is_taken_of_the_chunk_begun_and_not_of_the_next() -> None:
    buffer = FrameBuffer()
    buffer.put(chunk(0, 3))
    buffer.put(chunk(3, 3, number=1))
    assert buffer.more_of_chunk() is None, "none is begun"
    assert buffer.get_nowait()
    more = [buffer.more_of_chunk(), buffer.more_of_chunk()]
    assert [frame.index for frame in more if frame] == [1, 2]
    assert buffer.more_of_chunk() is None
    buffer.hold_after_shown_chunk()
    assert buffer.get_nowait() is None
    assert buffer.more_of_chunk() is None


def test_what_the_reader_is_done_with_is_released() -> None:
    released: list[int] = []
    FrameBuffer(release=released.append).done(7)
    FrameBuffer().done(7)
    assert released == [7]


def test_a_held_reader_gets_the_rest_of_its_chunk_and_no_more() -> None:
    buffer = FrameBuffer()
    buffer.put(chunk(0))
    buffer.put(chunk(4, number=1))
    assert buffer.get_nowait()
    assert buffer.hold_after_shown_chunk() == 4
    assert [bool(buffer.get_nowait()) for _ in range(4)] == [True, True, True, False]
    assert buffer.drop_from(4) == 4
    buffer.put(chunk(4, number=1))
    frame = buffer.get_nowait()
    assert frame
    assert frame.index == 4


def test_every_hold_must_end_before_the_reader_goes_on() -> None:
    buffer = FrameBuffer()
    buffer.put(chunk(0))
    assert buffer.get_nowait()
    buffer.hold_after_shown_chunk()
    buffer.hold_after_shown_chunk()
    buffer.put(chunk(4, number=1))
    while buffer.get_nowait():
        pass
    buffer.drop_from(8)
    assert buffer.get_nowait() is None
    buffer.drop_from(8)
    assert buffer.get_nowait()


def test_before_anything_is_shown_everything_may_be_dropped() -> None:
    buffer = FrameBuffer()
    assert buffer.hold_after_shown_chunk() == 0
    buffer.drop_from(0)
    buffer.put(chunk(0))
    assert buffer.hold_after_shown_chunk() == 0
    assert buffer.get_nowait() is None
    assert buffer.drop_from(0) == 4
    assert len(buffer) == 0


def test_nothing_is_kept_for_a_reader_that_left() -> None:
    released: list[int] = []
    buffer = FrameBuffer(release=released.append)
    pixels = chunk(0)
    still_used = weakref.ref(pixels.pixels)
    buffer.put(pixels)
    buffer.get_nowait()
    buffer.leave()
    buffer.done(0)
    buffer.put(pixels)
    assert (len(buffer), buffer.get_nowait(), released) == (0, None, [])
    del pixels
    assert still_used() is None

import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.engine.pixel_ring import PixelRing, RingShape, new_memory
from scope.frames import Pixels, VideoFormat

SHAPE = RingShape.of(VideoFormat(6, 4, 30), 5)


def ends() -> tuple[PixelRing, PixelRing]:
    """Both ends of one ring, mapped apart as two processes do."""
    descriptor = new_memory(SHAPE)
    writer, reader = PixelRing(descriptor, SHAPE), PixelRing(descriptor, SHAPE)
    os.close(descriptor)
    return writer, reader


def frames(first: int, count: int) -> Pixels:
    numbers = np.arange(first, first + count, dtype=np.uint8)
    return np.broadcast_to(numbers[:, None, None, None], (count, 4, 6, 3)).copy()


def test_frames_cross_also_where_the_ring_wraps() -> None:
    writer, reader = ends()
    writer.write(3, frames(3, 4))
    views = reader.read(3, 4)
    assert [len(view) for view in views] == [2, 2]
    assert np.array_equal(np.concatenate(views), frames(3, 4))
    assert [len(view) for view in reader.read(5, 0)] == [0]


def test_the_writer_waits_for_room_and_is_told_of_it_once() -> None:
    writer, reader = ends()
    assert writer.has_room(0, 5)
    assert not writer.has_room(1, 5)
    assert reader.release(0)
    assert not reader.release(1)
    assert writer.has_room(1, 5)
    assert not reader.release(2)


def test_a_release_never_goes_back() -> None:
    writer, reader = ends()
    reader.release(9)
    reader.release(3)
    assert writer.has_room(10, 5)


def test_a_view_outlives_its_ring() -> None:
    writer, reader = ends()
    writer.write(0, frames(7, 1))
    (view,) = reader.read(0, 1)
    del writer, reader
    assert int(view[0, 0, 0, 0]) == 7


@given(st.lists(st.integers(1, 5), max_size=40))
def test_no_frame_is_overwritten_before_it_is_released(counts: list[int]) -> None:
    writer, reader = ends()
    made = released = 0
    for count in counts:
        if not writer.has_room(made, count):
            reader.release(made - 1)
            released = made
        assert writer.has_room(made, count)
        writer.write(made, frames(made % 200, count))
        made += count
        kept = np.concatenate(reader.read(released, made - released))
        expected = [number % 256 for number in kept[:, 0, 0, 0].tolist()]
        assert len(expected) == made - released <= SHAPE.slots


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="anonymous files are Linux")
def test_nothing_has_a_name() -> None:
    before = set(os.listdir("/dev/shm"))
    rings = ends()
    assert set(os.listdir("/dev/shm")) == before
    del rings


def test_without_anonymous_files_a_temporary_one_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    writer, reader = ends()
    writer.write(0, frames(1, 2))
    assert np.array_equal(reader.read(0, 2)[0], frames(1, 2))

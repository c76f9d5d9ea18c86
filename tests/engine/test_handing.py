import numpy as np

from scope.engine.handing import Handing, Place
from scope.events import EngineEvent, UpdateApplied
from scope.frames import Chunk


class Outlet:
    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def has_room(self, next_index: int, frames: int) -> bool:
        return True

    def put(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    def rewind(self, from_index: int) -> None:
        raise AssertionError

    def close(self) -> None:
        raise AssertionError


def handing() -> tuple[Handing, Outlet, list[EngineEvent]]:
    outlet, told = Outlet(), list[EngineEvent]()
    return Handing(stream_id="a", outlet=outlet, tell=told.append), outlet, told


def put(out: Handing, frames: int, *, revision: int = 0, last_piece: bool = False) -> None:
    pixels = np.zeros((frames, 2, 2, 3), np.uint8)
    out.put(pixels, revision=revision, seconds=0.1, now_s=5.0, last_piece=last_piece)


def test_frames_are_numbered_through_and_pieces_belong_to_their_chunk() -> None:
    out, outlet, _ = handing()
    put(out, 3)
    put(out, 1, last_piece=True)
    out.complete()
    put(out, 2)
    assert [(c.first_index, len(c), c.chunk) for c in outlet.chunks] == [
        (0, 3, 0),
        (3, 1, 0),
        (4, 2, 1),
    ]
    assert (out.next_index, out.frames_made, out.chunks_made) == (6, 6, 1)


def test_updates_are_confirmed_with_the_first_frame_not_with_an_empty_piece() -> None:
    out, _, told = handing()
    out.expect((1, 2))
    put(out, 0)
    assert told == []
    put(out, 2)
    put(out, 2)
    assert told == [UpdateApplied("a", 1, 0, 0), UpdateApplied("a", 2, 0, 0)]


def test_numbers_go_on_from_where_it_returns_to() -> None:
    out, outlet, _ = handing()
    for _ in range(3):
        put(out, 4)
        out.complete()
    put(out, 1)
    assert out.place == Place(12, 3, 1)
    out.place = Place(4, 1)
    put(out, 4)
    assert (outlet.chunks[-1].first_index, outlet.chunks[-1].chunk) == (4, 1)

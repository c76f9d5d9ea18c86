from typing import Any

import numpy as np
import pytest

from scope.control import PromptStep
from scope.engine.pieces import no_frames, pieces_of_step
from scope.errors import GenerationFailed
from scope.frames import VideoFormat


class Scripted:
    """A pipeline that yields what it is given."""

    format = VideoFormat(4, 2, 10)
    chunk_frames = 4

    def __init__(self, *pieces: Any) -> None:
        self.pieces = pieces
        self.closed = False

    def step(self, *_: Any) -> Any:
        try:
            yield from self.pieces
        finally:
            self.closed = True


def frames(*values: int) -> Any:
    return np.array(values, np.uint8)[:, None, None, None] * np.ones((1, 2, 4, 3), np.uint8)


def run(pipeline: Any, skip: int = 0) -> list[list[int]]:
    pieces = pieces_of_step(pipeline, None, None, PromptStep(None), skip=skip)  # type: ignore[arg-type]
    return [piece[:, 0, 0, 0].tolist() for piece in pieces]


def test_pieces_pass_as_they_are() -> None:
    empty = no_frames(Scripted.format)
    assert run(Scripted(empty, frames(1, 2), frames(3), empty)) == [[], [1, 2], [3], []]


@pytest.mark.parametrize(
    ("skip", "left"), [(1, [[2], [3, 4]]), (2, [[], [3, 4]]), (3, [[], [4]]), (4, [[], []])]
)
def test_what_is_out_already_is_left_out(skip: int, left: list[list[int]]) -> None:
    assert run(Scripted(frames(1, 2), frames(3, 4)), skip) == left


@pytest.mark.parametrize(
    "piece",
    [
        np.zeros((1, 2, 4, 3), np.float32),
        np.zeros((1, 2, 4, 4), np.uint8),
        np.zeros((2, 4, 3), np.uint8),
        frames(1, 2, 3, 4, 5),
    ],
    ids=["float", "four channels", "no time", "too many"],
)
def test_a_piece_of_a_wrong_kind_fails_the_step(piece: Any) -> None:
    pipeline = Scripted(piece)
    with pytest.raises(GenerationFailed):
        run(pipeline)
    assert pipeline.closed


def test_closing_half_way_ends_the_step() -> None:
    pipeline: Any = Scripted(frames(1), frames(2))
    pieces = pieces_of_step(pipeline, None, None, PromptStep(None), skip=0)  # type: ignore[arg-type]
    next(pieces)
    pieces.close()
    assert pipeline.closed


def test_a_pipeline_may_return_a_plain_list() -> None:
    pipeline: Any = Scripted()
    pipeline.step = lambda *_: [frames(1)]
    assert run(pipeline) == [[1]]

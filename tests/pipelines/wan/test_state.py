"""A stream's state: what is stale, what a mark holds, what a dump refuses."""

import numpy as np
import pytest
import torch

from scope.models.video_codec import CodecState
from scope.pipelines.conditioning import Conditioner, TextCache
from scope.pipelines.wan.state import ANCHOR_PICTURES, WanState


class Video:
    """As much of the cache's state as is looked at here."""

    frame = 0
    forgotten = 0

    def forget_readings(self) -> None:
        self.forgotten += 1


def fresh() -> WanState:
    texts = TextCache(lambda text: np.full((2, 3), float(len(text)), np.float32))
    pictures = torch.empty(0, 4, 4, 3, dtype=torch.uint8)
    return WanState(Conditioner(texts), Video(), CodecState([None]), pictures)


ONE, OTHER = np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)


def test_the_same_prompt_is_the_same_tensor_and_a_new_one_makes_the_past_stale():
    state = fresh()
    text = state.prompted(ONE)
    assert text.shape == (1, 2, 3)
    assert state.prompted(ONE) is text
    assert not state.stale, "there is no past yet"
    state.video.frame = 3
    assert state.prompted(OTHER) is not text
    assert state.stale


def test_other_scales_make_the_past_stale_and_all_readings_anew():
    state = fresh()
    state.adapt((1.0,))
    assert (state.video.forgotten, state.stale) == (1, False)
    state.video.frame = 3
    state.adapt((1.0,))
    assert (state.video.forgotten, state.stale) == (1, False)
    mark = state.mark(7)
    state.adapt((2.0,))
    assert (state.video.forgotten, state.stale) == (2, True)
    state.rollback(mark)
    assert (state.scales, state.stale) == ((1.0,), False)
    state.adapt((1.0,))
    assert state.video.forgotten == 3, "what was read with the scales that are undone is not good"
    assert not state.stale


def test_only_the_newest_pictures_are_kept():
    state = fresh()
    for value in range(5):
        state.remember([torch.full((4, 4, 4, 3), value, dtype=torch.uint8)])
    assert state.pictures.shape[0] == ANCHOR_PICTURES
    assert state.pictures[0, 0, 0, 0] == 2


def test_a_mark_brings_everything_back():
    state = fresh()
    text = state.prompted(ONE)
    mark = state.mark(7)
    state.video.frame = 3
    state.prompted(OTHER)
    state.remember([torch.ones(4, 4, 4, 3, dtype=torch.uint8)])
    state.codec.latents = 3
    state.rollback(mark)
    assert mark.video == 7
    assert state.text is text
    assert not state.stale
    assert len(state.pictures) == 0
    assert state.codec.latents == 0


def test_a_dump_is_continued_from():
    state = fresh()
    state.stale = True
    state.adapt((0.5, -1.0))
    state.remember([torch.randint(0, 256, (12, 4, 4, 3), dtype=torch.uint8)])
    again = fresh()
    again.restore(state.dump(), adapters=2)
    assert again.stale
    assert again.scales == (0.5, -1.0)
    assert again.read_with is None
    assert torch.equal(again.pictures, state.pictures)


@pytest.mark.parametrize(
    "spoil",
    [
        {"wan.stale": None},
        {"wan.stale": np.zeros(2, np.bool_)},
        {"wan.pictures": None},
        {"wan.pictures": np.zeros((1, 5, 4, 3), np.uint8)},
        {"wan.pictures": np.zeros((10, 4, 4, 3), np.uint8)},
        {"wan.scales": None},
        {"wan.scales": np.zeros(2, np.float64)},
        {"wan.scales": np.zeros(1, np.float32)},
    ],
)
def test_a_spoiled_dump_is_refused(spoil):
    kept = {name: array for name, array in {**fresh().dump(), **spoil}.items() if array is not None}
    with pytest.raises(ValueError, match="dumped stream"):
        fresh().restore(kept, adapters=1)

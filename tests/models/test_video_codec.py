"""States of a codec, counting of pictures, pixels."""

import numpy as np
import pytest
import torch

from scope.models.video_codec import CodecState, check_latents, latents_of, pictures, values

SAMPLE = torch.empty(0, dtype=torch.bfloat16)


def fresh() -> CodecState:
    return CodecState([None] * 3)


def used() -> CodecState:
    return CodecState([torch.randn(2, 3).bfloat16(), "Rep", None], 5)


def test_a_copy_is_a_mark_that_later_steps_do_not_touch():
    state = used()
    mark = state.copy()
    state.memory[0], state.latents = None, 6
    assert mark.latents == 5
    assert isinstance(mark.memory[0], torch.Tensor)
    state.become(mark)
    assert state.latents == 5
    state.memory.clear()
    assert len(mark.memory) == 3


def test_a_dump_restores_every_bit():
    state = used()
    arrays = {**state.dump("decoder"), "other": np.zeros(1)}
    back = CodecState.load(arrays, like=fresh(), sample=SAMPLE, mark="Rep", prefix="decoder")
    assert back.latents == 5
    assert torch.equal(back.memory[0], state.memory[0])
    assert back.memory[1:] == ["Rep", None]


@pytest.mark.parametrize(
    "spoil",
    [
        {"codec.latents": None},
        {"codec.latents": np.array(-1)},
        {"codec.latents": np.zeros(2, np.int64)},
        {"codec.kinds": np.zeros(4, np.uint8)},
        {"codec.0": None},
        {"codec.0": np.zeros(3, np.float32)},
    ],
)
def test_a_spoiled_dump_is_refused(spoil):
    arrays = {name: array for name, array in {**used().dump(), **spoil}.items()}
    kept = {name: array for name, array in arrays.items() if array is not None}
    with pytest.raises(ValueError, match=r"state"):
        CodecState.load(kept, like=fresh(), sample=SAMPLE, mark="Rep")


@pytest.mark.parametrize(
    ("before", "frames", "latents"), [(0, 1, 1), (0, 9, 3), (3, 12, 3), (1, 4, 1)]
)
def test_a_stream_begins_with_one_picture_and_goes_on_with_four(before, frames, latents):
    pixels = torch.zeros(frames, 8, 16, 3, dtype=torch.uint8)
    assert latents_of(pixels, CodecState([], before)) == latents


@pytest.mark.parametrize(
    ("before", "shape", "kind"),
    [
        (0, (12, 8, 8, 3), torch.uint8),
        (1, (1, 8, 8, 3), torch.uint8),
        (1, (0, 8, 8, 3), torch.uint8),
        (0, (1, 8, 9, 3), torch.uint8),
        (0, (1, 3, 8, 8), torch.uint8),
        (0, (1, 8, 8, 3), torch.float32),
    ],
)
def test_pictures_that_fill_no_latent_are_refused(before, shape, kind):
    with pytest.raises(ValueError, match="pictures"):
        latents_of(torch.zeros(shape, dtype=kind), CodecState([], before))


def test_latents_of_another_shape_are_refused():
    check_latents(torch.zeros(1, 16, 2, 4, 4), 16)
    for shape in ((2, 16, 1, 4, 4), (1, 3, 16, 4, 4), (16, 1, 4, 4)):
        with pytest.raises(ValueError, match="latents are"):
            check_latents(torch.zeros(shape), 16)


def test_pixels_and_values_are_inverse_and_what_is_out_of_range_is_cut():
    pixels = torch.randint(0, 256, (2, 8, 16, 3), dtype=torch.uint8)
    assert torch.equal(pictures(values(pixels, torch.zeros(1))), pixels)
    out = pictures(torch.tensor([-1.0, 0.5, 7.0]).view(1, 3, 1, 1))
    assert out.tolist() == [[[[0, 128, 255]]]]

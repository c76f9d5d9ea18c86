"""A stream's state: what a mark remembers, what a dump holds, and what is refused."""

import numpy as np
import pytest
import torch

from scope.models.cache_policy import Window
from scope.models.generator import BlockGenerator, GeneratorSettings
from scope.models.generator_state import StreamState
from tests.models.oracle import LATENT, tiny_model, words


@pytest.fixture(scope="module")
def generator() -> BlockGenerator:
    return BlockGenerator(tiny_model(), GeneratorSettings(policy=Window(6, 3)), latent=LATENT)


def advanced(generator: BlockGenerator, blocks: int) -> StreamState:
    state = generator.open(2**64 - 1)
    for _ in range(blocks):
        list(generator.step(state, text=words(), steps=(1000,)))
    return state


def test_as_many_clean_frames_are_kept_as_the_window_holds(generator):
    state = advanced(generator, 4)
    assert state.recent.shape[2] == 6
    assert state.first.shape[2] == 1
    assert state.frame == 12


def test_a_mark_is_too_old_after_two_later_ones(generator):
    state = advanced(generator, 1)
    first = generator.mark(state)
    generator.mark(state)
    generator.mark(state)
    with pytest.raises(ValueError, match="too old"):
        generator.rollback(state, first)


def test_marks_copy_only_what_is_overwritten(generator):
    state = advanced(generator, 3)
    assert state.cache.undo.saved_bytes == 0
    generator.mark(state)
    list(generator.step(state, text=words(), steps=(1000,)))
    slot = state.cache.keys[:, :, 0].nbytes + state.cache.values[:, :, 0].nbytes
    assert state.cache.undo.saved_bytes == 3 * slot


def test_a_stream_before_its_first_block_can_be_parked(generator):
    state = generator.load(generator.dump(generator.open(7)))
    assert (state.seed, state.frame) == (7, 0)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("stream.seed", np.array(1.0)),
        ("stream.seed", np.array([1, 2], np.uint64)),
        ("stream.frame", np.array(-1, np.int64)),
        ("stream.frame", np.array(0, np.int64)),
        ("stream.recent", np.zeros((1, 16, 6, 4, 5), np.float32)),
        ("stream.recent", np.zeros((1, 16, 600, 4, 6), np.float32)),
        ("stream.first", np.zeros(3, np.float32)),
    ],
)
def test_a_dump_that_does_not_fit_is_refused(generator, name, array):
    arrays = generator.dump(advanced(generator, 2))
    with pytest.raises(ValueError, match=r"stream|missing"):
        generator.load(arrays | {name: array})
    del arrays[name]
    with pytest.raises(ValueError, match=r"lacks|missing"):
        generator.load(arrays)


def test_a_dump_loads_bit_for_bit(generator):
    state = advanced(generator, 3)
    back = generator.load(generator.dump(state))
    assert back.seed == 2**64 - 1
    assert torch.equal(back.recent, state.recent)
    assert torch.equal(back.first, state.first)
    assert torch.equal(back.cache.keys, state.cache.keys)


@pytest.mark.parametrize("told", [True, False])
def test_what_was_read_with_other_weights_is_read_anew(told):
    """The prompt's keys and the levels are kept between blocks; changed weights must reach them."""
    model, text = tiny_model(), words()
    generator = BlockGenerator(model, GeneratorSettings(policy=Window(6, 3)), latent=LATENT)
    state = generator.open(1)
    list(generator.step(state, text=text, steps=(1000,)))
    with torch.no_grad():
        for layer in (model.text_embedding[2], model.time_embedding[2]):
            layer.bias.add_(0.5)
    if told:
        state.forget_readings()
    list(generator.step(state, text=text, steps=(1000,)))
    keys = model.text_kv(text[:, None])[0].keys
    level = model.modulation(torch.zeros(1, 1))
    assert torch.equal(state.text.layers[0].keys, keys) is told
    assert torch.equal(state.schedule.clean.layers, level.layers) is told

"""A batch of blocks in flight says what its rows say one after another."""

import pytest
import torch

from scope.models.cache_policy import Window
from scope.models.causal import CausalTransformer
from scope.models.flow import levels
from scope.models.generator import GeneratorSettings
from scope.models.sampler import BlockNoise, denoise
from scope.models.stream_batch import StreamBatch
from tests.models.oracle import GRID, LATENT, latents, tiny_model, words

STEPS = (700, 500, 400)
SETTINGS = GeneratorSettings(block=1, policy=Window(6, 3), shift=8.0, warp=False)


@pytest.fixture(scope="module")
def model() -> CausalTransformer:
    return tiny_model()


@pytest.fixture(scope="module")
def generator(model) -> StreamBatch:
    return StreamBatch(model, SETTINGS, latent=LATENT)


def inputs(count: int) -> list[torch.Tensor]:
    return [latents(1, seed=20 + number) for number in range(count)]


def play(generator, state, starts, text=None, steps=STEPS):
    text = words() if text is None else text
    return [generator.step(state, text=text, steps=steps, start=z, noise_scale=0.8) for z in starts]


def one_after_another(model, starts, text, seed, steps=STEPS):
    """Every row alone: its own cache, its own level, one block at a time."""
    listed = levels(steps, shift=8.0, warp=False)
    caches = [model.empty_cache(GRID, policy=SETTINGS.policy) for _ in listed]
    kv, out = model.text_kv(text[:, None]), []

    def flow(x, row):
        plan, t = caches[row].begin_block(1), torch.full((1, 1), listed[row].t)
        return model.stream(x, t, kv, cache=caches[row], plan=plan)

    for frame, z in enumerate(starts):
        noise = BlockNoise(seed, frame)
        x = 0.2 * z + 0.8 * noise.draw(z)

        out.append(list(denoise(flow, x, listed, noise.draw))[-1])
    return out


@pytest.mark.parametrize("steps", [(700,), (700, 500), STEPS])
def test_every_block_comes_out_as_if_it_had_been_alone(model, generator, steps):
    starts, text = inputs(12), words()
    made = play(generator, generator.open(4), starts, text, steps)
    late = len(steps) - 1
    assert made[:late] == [None] * late
    expected = one_after_another(model, starts, text, 4, steps)
    for block, alone in zip(made[late:], expected, strict=False):
        torch.testing.assert_close(block, alone, atol=1e-5, rtol=1e-5)


def test_another_number_of_steps_is_a_hard_cut(generator):
    state = generator.open(4)
    play(generator, state, inputs(5))
    after = play(generator, state, inputs(5), steps=(700, 500))
    fresh = play(generator, generator.open(4), inputs(5), steps=(700, 500))
    assert after[0] is None
    assert all(torch.equal(a, b) for a, b in zip(after[1:], fresh[1:], strict=True))


def test_the_first_level_may_move_while_blocks_are_in_flight(generator):
    state = generator.open(4)
    for first in (700, 650, 690, 610):
        out = generator.step(state, text=words(), steps=(first, 500, 400), start=latents(1))
    assert out is not None
    assert out.isfinite().all()


def test_a_rollback_takes_calls_and_cuts_back(generator):
    state, plain = generator.open(4), generator.open(4)
    starts = inputs(8)
    play(generator, state, starts[:5])
    play(generator, plain, starts[:5])
    mark = generator.mark(state)
    play(generator, state, starts[5:7], words(seed=8))
    generator.mark(state)
    generator.reset(state, 9)
    play(generator, state, starts[:2], steps=(700, 500))
    generator.rollback(state, mark)
    again, expected = (play(generator, each, starts[5:]) for each in (state, plain))
    assert all(torch.equal(a, b) for a, b in zip(again, expected, strict=True))


def test_a_parked_stream_goes_on_exactly(generator):
    state, starts = generator.open(4), inputs(8)
    play(generator, state, starts[:5])
    back = generator.load(generator.dump(state))
    again, expected = (play(generator, each, starts[5:]) for each in (back, state))
    assert all(torch.equal(a, b) for a, b in zip(again, expected, strict=True))

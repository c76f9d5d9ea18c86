"""A stream's life: blocks, prompts, cuts, going back, parking; each against the plain oracle."""

import math

import pytest
import torch

from scope.models.cache_policy import MemoryBank, Window
from scope.models.causal import CausalTransformer
from scope.models.generator import BlockGenerator, GeneratorSettings
from scope.models.sampler import BlockNoise
from tests.models.oracle import LATENT, latents, oracle, tiny_model, words

STEPS = (1000, 750, 500, 250)
ONE = (1000,)
CLOSE = {"atol": 5e-5, "rtol": 5e-5}


@pytest.fixture(scope="module")
def model() -> CausalTransformer:
    return tiny_model()


def make(model, **settings) -> BlockGenerator:
    settings = {"policy": Window(6, 3)} | settings
    return BlockGenerator(model, GeneratorSettings(**settings), latent=LATENT)


def block(generator, state, text, steps=STEPS, **options) -> torch.Tensor:
    made = list(generator.step(state, text=text, steps=steps, **options))
    (x0,) = (piece for piece in made if piece is not None)
    return x0


def blocks(generator, state, text, count, steps=STEPS) -> list[torch.Tensor]:
    return [block(generator, state, text, steps) for _ in range(count)]


def first_noise(seed: int, frame: int, frames: int = 3) -> torch.Tensor:
    return BlockNoise(seed, frame).draw(torch.empty(1, 16, frames, *LATENT))


def cached(state) -> list[torch.Tensor]:
    return [state.cache.keys.clone(), state.cache.values.clone()]


def equal(one, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_step_may_be_abandoned_after_every_pass_but_the_last(model):
    generator = make(model)
    made = list(generator.step(generator.open(1), text=words(), steps=STEPS))
    assert [piece is None for piece in made] == [True, True, True, False]
    assert made[-1].shape == (1, 16, 3, *LATENT)
    assert made[-1].dtype == torch.float32


def test_one_step_is_pure_noise_minus_the_flow_the_oracle_sees(model):
    generator, text = make(model), words()
    state = generator.open(5)
    made = torch.cat(blocks(generator, state, text, 2, ONE), 2)
    noise = first_noise(5, 6)
    x = torch.cat((made, noise), 2)
    past = {k: k for k in range(3)}
    sees = [past] * 3 + [{k: k for k in range(6)}] * 3
    # The window holds six: the sink, and the three frames being made.
    sees += [{0: 0, 1: 1, 2: 2, 6: 3, 7: 4, 8: 5}] * 3
    t = torch.tensor([[0.0] * 6 + [1000.0] * 3])
    flow = oracle(model, x, t, text, sees=sees, stands=[0, 1, 2, 3, 4, 5, 3, 4, 5])
    out = block(generator, state, text, ONE)
    torch.testing.assert_close(out, (noise - flow[:, :, 6:]).float(), **CLOSE)


def test_the_clean_pass_happens_after_the_block_was_handed_over(model):
    calls = []

    def advance(x, level, text, view):
        calls.append(x)
        return model.advance(x, level, text, view)

    settings = GeneratorSettings(policy=Window(6, 3))
    generator = BlockGenerator(model, settings, latent=LATENT, advance=advance)
    step = generator.step(generator.open(1), text=words(), steps=STEPS)
    made = next(piece for piece in step if piece is not None)
    assert len(calls) == 4
    list(step)
    assert len(calls) == 5
    assert calls[4] is made


def test_without_a_clean_pass_the_last_pass_is_the_past(model):
    generator, text = make(model, clean_pass=False), words()
    state = generator.open(1)
    step = generator.step(state, text=text, steps=STEPS)
    next(piece for piece in step if piece is not None)
    before = cached(state)
    list(step)
    assert equal(before, cached(state))


@pytest.mark.parametrize("steps", [(1000,), (1000, 500), STEPS])
def test_frame_by_frame_models_may_begin_with_more_steps(model, steps):
    generator = make(model, block=1, policy=Window(21), first_steps=STEPS)
    state = generator.open(1)
    counts = [len(list(generator.step(state, text=words(), steps=steps))) for _ in range(3)]
    assert counts == [4, len(steps), len(steps)]


def test_raw_steps_make_another_video_than_warped_ones(model):
    raw, warped = make(model, warp=False), make(model)
    one, other = (block(each, each.open(1), words()) for each in (raw, warped))
    assert (one - other).abs().max() > 1e-3


@pytest.mark.parametrize("policy", [Window(6, 3), Window(9, 3, ema=0.9), MemoryBank(6, 3, 2, 1)])
@pytest.mark.parametrize("pieces", [1, 3, 4])
def test_an_abandoned_block_leaves_the_stream_bit_for_bit(model, policy, pieces):
    generator, text = make(model, policy=policy), words()
    state, plain = generator.open(1), generator.open(1)
    blocks(generator, state, text, 4)
    blocks(generator, plain, text, 4)
    before, moment = cached(state), state.remember()
    step = generator.step(state, text=words(seed=8), steps=STEPS, recache=True)
    for _ in range(pieces):
        next(step)
    step.close()
    assert equal(before, cached(state))
    assert state.remember() == moment
    assert torch.equal(block(generator, state, text), block(generator, plain, text))


def test_an_iterator_that_is_closed_after_a_rollback_does_no_harm(model):
    generator, text = make(model), words()
    state, plain = generator.open(1), generator.open(1)
    blocks(generator, state, text, 3)
    blocks(generator, plain, text, 3)
    mark = generator.mark(state)
    step = generator.step(state, text=text, steps=STEPS)
    next(step)
    generator.rollback(state, mark)
    assert torch.equal(block(generator, state, text), block(generator, plain, text))
    step.close()
    assert equal(blocks(generator, state, text, 2), blocks(generator, plain, text, 2))


def recache_oracle(model, made, noise, old, new, *, sink, kept):
    """The block after a prompt change: sink of the old prompt, `kept` frames made anew."""
    frames = made.shape[2]
    again = made[:, :, -min(12, frames) :]
    count = again.shape[2]
    x = torch.cat((made[:, :, :sink], again, noise), 2)
    first = sink + count
    texts = torch.stack([old] * sink + [new] * (count + 3), 1)
    seen = {k: k for k in range(sink)} | {sink + k: k for k in range(sink, count)}
    evicted = max(0, count + 3 - 12)
    held = [*range(sink), *range(sink + sink + evicted, first), *range(first, first + 3)]
    now = {frame: place for place, frame in enumerate(held)}
    # The sink was made as the stream's first block, which saw itself; later frames of a longer
    # sink saw it too.
    sees = [{k: k for k in range(sink)}] * sink + [seen] * count + [now] * 3
    stands = [*range(sink), *range(count), *(now[frame] for frame in range(first, first + 3))]
    t = torch.tensor([[0.0] * first + [1000.0] * 3])
    flow = oracle(model, x, t, texts, sees=sees, stands=stands)
    return (noise - flow[:, :, -3:]).float()


@pytest.mark.parametrize("count", [6, 4, 2, 1])
def test_a_new_prompt_makes_the_past_again_in_one_pass_that_spares_the_sink(model, count):
    generator = make(model, policy=Window(12, 3))
    state, old, new = generator.open(1), words(), words(seed=8)
    made = torch.cat(blocks(generator, state, old, count, ONE), 2)
    noise = first_noise(1, 3 * count)
    expected = recache_oracle(model, made, noise, old, new, sink=3, kept=9)
    out = block(generator, state, new, ONE, recache=True)
    torch.testing.assert_close(out, expected, **CLOSE)


def test_the_sink_can_be_made_again_as_well(model):
    generator = make(model, policy=Window(12, 3), keep_sink=False)
    state, old, new = generator.open(1), words(), words(seed=8)
    made = torch.cat(blocks(generator, state, old, 6, ONE), 2)
    noise = first_noise(1, 18)
    x = torch.cat((made[:, :, -12:], noise), 2)
    seen = {k: k for k in range(12)}
    held = [0, 1, 2, *range(6, 15)]
    now = {frame: place for place, frame in enumerate(held)}
    t = torch.tensor([[0.0] * 12 + [1000.0] * 3])
    stands = [*range(12), 9, 10, 11]
    flow = oracle(model, x, t, new, sees=[seen] * 12 + [now] * 3, stands=stands)
    out = block(generator, state, new, ONE, recache=True)
    torch.testing.assert_close(out, (noise - flow[:, :, 12:]).float(), **CLOSE)


def test_the_past_can_be_made_again_block_by_block(model):
    generator = make(model, policy=Window(9, 3), recache="block by block")
    state, old, new = generator.open(1), words(), words(seed=8)
    made = torch.cat(blocks(generator, state, old, 5, ONE), 2)
    noise = first_noise(1, 15)
    x = torch.cat((made[:, :, :3], made[:, :, -6:], noise), 2)
    sees = [{k: k for k in range(3)}] * 3 + [{k: k for k in range(6)}] * 3
    sees += [{k: k for k in range(9)}] * 3
    held = [0, 1, 2, 6, 7, 8, 9, 10, 11]
    sees += [{frame: place for place, frame in enumerate(held)}] * 3
    texts = torch.stack([old] * 3 + [new] * 9, 1)
    t = torch.tensor([[0.0] * 9 + [1000.0] * 3])
    flow = oracle(model, x, t, texts, sees=sees, stands=[*range(9), 6, 7, 8])
    out = block(generator, state, new, ONE, recache=True)
    torch.testing.assert_close(out, (noise - flow[:, :, 9:]).float(), **CLOSE)
    assert state.cache.index.begun == 18
    assert state.cache.index.blocks == 6


def test_a_new_prompt_without_making_the_past_again_keeps_the_past(model):
    generator = make(model, policy=Window(12, 3))
    one, other, new = generator.open(1), generator.open(1), words(seed=8)
    for state in (one, other):
        blocks(generator, state, words(), 3)
    soft, hard = (block(generator, s, new, recache=r) for s, r in ((one, False), (other, True)))
    assert (soft - hard).abs().max() > 1e-3


@pytest.mark.parametrize("given", [False, True])
def test_context_is_made_again_before_every_block_and_weighs_less(model, given):
    policy = Window(6, kv_bias=0.3)
    generator = make(model, policy=policy, reencode=3, clean_pass=False)
    state, old, new = generator.open(1), words(), words(seed=8)
    made = torch.cat(blocks(generator, state, old, 3, ONE), 2)
    anchor = latents(1, seed=9) if given else made[:, :, :1]
    noise = first_noise(1, 9)
    x = torch.cat((anchor, made[:, :, -2:], noise), 2)
    sees = [{k: k for k in range(3)}] * 3 + [{k: k for k in range(6)}] * 3
    less = {(q, k): math.log(0.3) for q in (3, 4, 5) for k in (1, 2)}
    t = torch.tensor([[0.0] * 3 + [1000.0] * 3])
    flow = oracle(model, x, t, new, sees=sees, stands=range(6), bias=less)
    out = block(generator, state, new, ONE, anchor=anchor if given else None)
    torch.testing.assert_close(out, (noise - flow[:, :, 3:]).float(), **CLOSE)


def test_a_block_can_begin_from_a_picture(model):
    generator, text, z = make(model), words(), latents(3, seed=9)
    out = block(generator, generator.open(1), text, (700,), start=z, noise_scale=0.7)
    x = 0.7 * first_noise(1, 0) + 0.3 * z
    seen = {k: k for k in range(3)}
    t = torch.full((1, 3), 1000 * 5 * 0.7 / (1 + 4 * 0.7))
    flow = oracle(model, x, t, text, sees=[seen] * 3, stands=range(3))
    expected = x - t[0, 0] / 1000 * flow
    torch.testing.assert_close(out, expected.float(), **CLOSE)


SCRIPT = [(2, False), (2, False), (8, True), (8, False), (2, False), (5, True), (5, False)]
POLICIES = [
    GeneratorSettings(policy=Window(6, 3)),
    GeneratorSettings(policy=Window(9, 3, ema=0.9)),
    GeneratorSettings(policy=MemoryBank(6, 3, 2, 1, sparse=2)),
    GeneratorSettings(policy=Window(6, kv_bias=0.3), reencode=3, clean_pass=False),
]


def play(generator, state, script, prompts) -> list[torch.Tensor]:
    return [
        block(generator, state, prompts[seed], (1000, 500), recache=recache)
        for seed, recache in script
    ]


@pytest.mark.parametrize("settings", POLICIES, ids=["window", "ema", "bank", "reencode"])
def test_the_same_seed_and_events_make_the_same_video_also_across_a_parking(model, settings):
    generator = BlockGenerator(model, settings, latent=LATENT)
    prompts = {seed: words(seed=seed) for seed in (2, 5, 8)}
    whole = play(generator, generator.open(3), SCRIPT, prompts)
    again = play(generator, generator.open(3), SCRIPT, prompts)
    assert equal(whole, again)
    state = generator.open(3)
    play(generator, state, SCRIPT[:4], prompts)
    back = generator.load(generator.dump(state))
    assert equal(whole[4:], play(generator, back, SCRIPT[4:], prompts))


def test_another_seed_makes_another_video_and_the_seed_moves_on_with_the_frames(model):
    generator, text = make(model), words()
    one, other = (
        block(generator, generator.open(1), text),
        block(generator, generator.open(2), text),
    )
    assert (one - other).abs().max() > 1e-3
    state = generator.open(1)
    blocks(generator, state, text, 2)
    assert state.frame == 6
    assert not torch.equal(first_noise(1, 0), first_noise(1, 3))


def test_two_streams_of_one_generator_do_not_see_each_other(model):
    generator, text = make(model), words()
    alone = blocks(generator, generator.open(1), text, 3)
    state, stranger = generator.open(1), generator.open(2)
    mixed = []
    for _ in range(3):
        mixed.append(block(generator, state, text))
        block(generator, stranger, words(seed=8))
    assert equal(alone, mixed)


def test_a_hard_cut_is_a_fresh_stream(model):
    generator, text = make(model), words()
    state = generator.open(1)
    blocks(generator, state, text, 4)
    generator.reset(state, 9)
    assert equal(blocks(generator, state, text, 3), blocks(generator, generator.open(9), text, 3))


def test_a_rollback_takes_a_cut_and_a_prompt_back_too(model):
    generator, text = make(model, policy=Window(9, 3)), words()
    state, plain = generator.open(1), generator.open(1)
    blocks(generator, state, text, 4)
    blocks(generator, plain, text, 4)
    first = generator.mark(state)
    block(generator, state, words(seed=8), recache=True)
    generator.mark(state)
    generator.reset(state, 4)
    block(generator, state, text)
    generator.rollback(state, first)
    assert equal(blocks(generator, state, text, 3), blocks(generator, plain, text, 3))


def test_a_latent_that_is_no_whole_number_of_patches_is_refused(model):
    with pytest.raises(ValueError, match="whole number"):
        BlockGenerator(model, GeneratorSettings(), latent=(5, 6))

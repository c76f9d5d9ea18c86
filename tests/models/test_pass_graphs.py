"""Which passes share a recording, and (on a GPU) that a replay is the pass."""

import pytest
import torch

from scope.models.attention_backend import attention_for, installed
from scope.models.cache_policy import MemoryBank, Window
from scope.models.generator import BlockGenerator, GeneratorSettings
from scope.models.pass_graphs import fast_advance, made_fast, signature
from tests.models.oracle import LATENT, latents, tiny_model, words


def signatures(policy, blocks=8):
    model = tiny_model()
    cache = model.empty_cache((2, 3), policy=policy)
    x, level = latents(3), model.modulation(torch.zeros(1, 1))
    found = []
    for _ in range(blocks):
        plan = cache.begin_block(3, torch.zeros(2, 1, 1, 3, 16))
        found.append(signature(x, level, cache.view(plan)))
        cache.commit(plan)
    return found


def test_in_steady_state_every_block_shares_one_recording():
    found = signatures(Window(9, 3))
    assert len(set(found)) == 3
    assert len(set(found[2:])) == 1


def test_a_static_window_needs_one_recording_while_it_fills_and_one_after():
    found = signatures(Window(9, 3, static=True, kv_bias=0.5))
    assert len(set(found[2:])) <= 3


def test_a_memory_bank_settles_too():
    assert len(set(signatures(MemoryBank(), 20)[7:])) == 1


def test_another_cache_is_another_recording():
    model, x = tiny_model(), latents(3)
    level = model.modulation(torch.zeros(1, 1))
    caches = [model.empty_cache((2, 3), frames=9) for _ in range(2)]
    one, other = (signature(x, level, cache.view(cache.begin_block(3))) for cache in caches)
    assert one != other


def test_on_a_processor_the_pass_itself_is_the_quickest_way():
    model = tiny_model()
    assert fast_advance(model) == model.advance


def test_a_settled_model_makes_the_same_video():
    settings, model = GeneratorSettings(policy=Window(6, 3)), tiny_model()
    plain = BlockGenerator(tiny_model(), settings, latent=LATENT)
    quick = BlockGenerator(model, settings, latent=LATENT, advance=made_fast(model))
    expected = play(plain, plain.open(1), words(), words(seed=8))
    out = play(quick, quick.open(1), words(), words(seed=8))
    torch.testing.assert_close(out, expected, atol=1e-4, rtol=1e-4)


SETTINGS = [
    GeneratorSettings(policy=Window(6, 3)),
    GeneratorSettings(policy=Window(9, 3, ema=0.9)),
    GeneratorSettings(policy=MemoryBank(6, 3, 2, 1, sparse=2)),
    GeneratorSettings(policy=Window(6, kv_bias=0.3), reencode=3, clean_pass=False),
]


def play(generator, state, text, other):
    made = []
    for number in range(7):
        prompt = other if number == 4 else text
        step = generator.step(state, text=prompt, steps=(1000, 500), recache=number == 4)
        made += [piece for piece in step if piece is not None]
    return torch.cat(made, 2)


@pytest.mark.gpu
@pytest.mark.parametrize("settings", SETTINGS, ids=["window", "ema", "bank", "reencode"])
@pytest.mark.parametrize("compiled", [False, True])
def test_replayed_passes_equal_passes(settings, compiled):
    model = tiny_model().cuda()
    text, other = words().cuda(), words(seed=8).cuda()
    plain = BlockGenerator(model, settings, latent=LATENT)
    fast = fast_advance(model, compiled=compiled)
    quick = BlockGenerator(model, settings, latent=LATENT, advance=fast)
    expected = play(plain, plain.open(1), text, other)
    out = play(quick, quick.open(1), text, other)
    torch.testing.assert_close(out, expected, atol=1e-3, rtol=1e-3)


@pytest.mark.gpu
def test_a_gpu_says_what_a_processor_says():
    settings = GeneratorSettings(policy=Window(6, 3))
    here = BlockGenerator(tiny_model(), settings, latent=LATENT)
    there = BlockGenerator(tiny_model().cuda(), settings, latent=LATENT)
    expected = play(here, here.open(1), words(), words(seed=8))
    out = play(there, there.open(1), words().cuda(), words(seed=8).cuda())
    torch.testing.assert_close(out.cpu(), expected, atol=5e-2, rtol=5e-2)


@pytest.mark.gpu
@pytest.mark.parametrize("name", sorted(installed()) or ["sdpa"])
def test_every_installed_kernel_agrees_with_torch(name):
    q, k, v = torch.randn(3, 1, 256, 4, 128, device="cuda", dtype=torch.bfloat16)
    exact = attention_for(q.device, name="sdpa")(q, k, v)
    out = attention_for(q.device, name=name)(q, k, v)
    assert (out - exact).float().norm() / exact.float().norm() < 5e-2

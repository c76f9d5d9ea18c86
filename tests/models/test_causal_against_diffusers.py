"""Without a past, the causal transformer is diffusers' WanTransformer3DModel."""

import pytest
import torch

from scope.models.causal import CausalTransformer
from scope.models.causal_config import WAN_1_3B, WAN_14B, FrameLayout
from scope.models.rope import axis_pairs, rotary_tables
from tests.models.oracle import (
    FRAME_TOKENS,
    block_causal,
    diffusers_class,
    diffusers_name,
    diffusers_twin,
    latents,
    oracle,
    tiny_model,
    words,
)

CLOSE = {"atol": 1e-5, "rtol": 1e-5}


@pytest.fixture(scope="module")
def model() -> CausalTransformer:
    return tiny_model()


@pytest.fixture(scope="module")
def twin(model):
    return diffusers_twin(model)


def streamed(model, x, t, text):
    cache = model.empty_cache((2, 3), frames=x.shape[2], batch=len(x))
    plan = cache.begin_block(x.shape[2])
    return model.stream(x, t, model.text_kv(text[:, None]), cache=cache, plan=plan)


@pytest.mark.parametrize("level", [0.0, 625.0, 833.3333])
def test_a_first_block_is_what_diffusers_makes_of_it(model, twin, level):
    x, text = latents(3, batch=2), words(batch=2)
    out = streamed(model, x, torch.full((1, 1), level), text)
    expected = twin(x, torch.full((2,), level), text, return_dict=False)[0]
    torch.testing.assert_close(out, expected, **CLOSE)


def test_diffusers_as_it_comes_differs_by_its_rounding_of_time_only(model):
    x, text = latents(3), words()
    out = streamed(model, x, torch.full((1, 1), 900.0), text)
    expected = diffusers_twin(model, wide=False)(x, torch.tensor([900.0]), text, return_dict=False)
    torch.testing.assert_close(out, expected[0], atol=2e-4, rtol=1e-3)


def test_frames_may_have_levels_of_their_own(model, twin):
    x, text = latents(3), words()
    t = torch.tensor([[900.0, 412.5, 3.0]])
    out = streamed(model, x, t, text)
    expected = twin(x, t.repeat_interleave(FRAME_TOKENS, 1), text, return_dict=False)[0]
    torch.testing.assert_close(out, expected, **CLOSE)


def test_the_plain_oracle_says_the_same(model, twin):
    x, text = latents(3), words()
    t = torch.tensor([[900.0, 412.5, 3.0]])
    sees, stands = block_causal(3, 3)
    slow = oracle(model, x, t, text, sees=sees, stands=stands).float()
    expected = twin(x, t.repeat_interleave(FRAME_TOKENS, 1), text, return_dict=False)[0]
    torch.testing.assert_close(slow, expected, **CLOSE)


def test_the_sequence_without_a_mask_says_the_same(model, twin):
    x, text = latents(3), words()
    kv = model.text_kv(text[:, None])
    out = model(x, torch.full((1, 3), 500.0), kv, layout=FrameLayout.block_causal(3, 3))
    expected = twin(x, torch.tensor([500.0]), text, return_dict=False)[0]
    torch.testing.assert_close(out, expected, **CLOSE)


@pytest.mark.parametrize(("head_dim", "pairs"), [(128, (22, 21, 21)), (16, (4, 2, 2))])
def test_positions_turn_as_in_diffusers(head_dim, pairs):
    from diffusers.models.transformers.transformer_wan import WanRotaryPosEmbed

    assert axis_pairs(head_dim) == pairs
    published = WanRotaryPosEmbed(head_dim, (1, 2, 2), 1024)
    cos, sin = published(torch.empty(1, 16, 7, 10, 6))
    ours = rotary_tables(range(7), (5, 3), head_dim)
    torch.testing.assert_close(ours.cos, cos[0, :, 0, 0::2].float(), atol=1e-6, rtol=0)
    torch.testing.assert_close(ours.sin, sin[0, :, 0, 1::2].float(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("config", [WAN_1_3B, WAN_14B], ids=["1.3B", "14B"])
def test_the_published_sizes_have_the_published_names_and_shapes(config):
    with torch.device("meta"):
        ours, theirs = CausalTransformer(config), diffusers_class(config)
    mine = {diffusers_name(name): value.shape for name, value in ours.state_dict().items()}
    assert mine == {name: value.shape for name, value in theirs.state_dict().items()}

"""Estimates against the tensors they estimate."""

import pytest
import torch

from scope.models.cache_policy import MemoryBank, Window
from scope.models.causal import CausalTransformer
from scope.models.causal_config import WAN_1_3B, WAN_14B, CausalConfig
from scope.models.stream_memory import stream_memory, weight_parameters
from tests.models.oracle import GRID, LATENT, TINY, tiny_model, words

POOLED = CausalConfig(dim=32, heads=2, layers=2, ffn=64, text_dim=24, freq_dim=32, pooled_dim=24)


@pytest.mark.parametrize("config", [TINY, POOLED, WAN_1_3B, WAN_14B])
def test_every_weight_is_counted(config):
    with torch.device("meta"):
        model = CausalTransformer(config)
    assert weight_parameters(config) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("policy", [Window(6, 3), MemoryBank(6, 3)])
def test_the_cache_and_the_text_take_what_is_said(policy):
    model = tiny_model()
    cache = model.empty_cache(GRID, policy=policy)
    said = stream_memory(TINY, policy, latent=LATENT, block=3, text_tokens=7, bytes_each=4)
    assert said.cache == sum(x.nbytes for x in (cache.keys, cache.values, cache.rotated))
    text = model.text_kv(words()[:, None])
    assert said.text == sum(layer.keys.nbytes + layer.values.nbytes for layer in text)
    assert said.total == said.cache + said.undo + said.text + said.work


def test_going_back_never_takes_more_than_is_said():
    policy = Window(9, 3, ema=0.9)
    cache = tiny_model().empty_cache(GRID, policy=policy)
    said = stream_memory(TINY, policy, latent=LATENT, block=3, bytes_each=4)
    for _ in range(12):
        cache.mark()
        point = cache.point()
        cache.begin_block(3)
        assert cache.undo.saved_bytes <= said.undo
        cache.forget(point)


def test_a_window_of_twelve_frames_of_the_small_published_size_is_known():
    said = stream_memory(WAN_1_3B, Window(12, 3), latent=(40, 72), block=3)
    # 184,320 bytes a token for keys and values; half as much again for keys as they are read.
    assert said.cache == 12 * 720 * 184_320 * 3 // 2

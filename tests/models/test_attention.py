"""Attention: the mask hides, the cache remembers, the norm normalises."""

import torch

from scope.models.attention import CachedAttention, MaskedAttention, RMSNorm, best_frames
from scope.models.attention_backend import AttentionBackend, sdpa
from scope.models.cache_policy import Window
from scope.models.cache_view import SparseView
from scope.models.kv_cache import CacheShape, KvCache
from scope.models.rope import rotary_tables


def qkv(tokens: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(tokens)
    q, k, v = torch.randn(3, 1, tokens, 2, 16)
    return q, k, v


def test_the_norm_spans_all_channels_and_is_made_in_float32():
    norm = RMSNorm(64, 1e-6)
    x = torch.randn(2, 3, 64) * 7
    torch.testing.assert_close(norm(x).square().mean(-1), torch.ones(2, 3))
    assert norm(x.bfloat16()).dtype == torch.bfloat16


def test_hidden_tokens_have_no_influence():
    q, k, v = qkv(4)
    mask = torch.ones(4, 4).tril().bool()
    attention = MaskedAttention(rotary_tables([0], (2, 2), 16), mask, AttentionBackend())
    before = attention(q, k, v)
    after = attention(q, k, v.clone().index_fill_(1, torch.tensor([3]), 9.0))
    assert torch.equal(before[:, :3], after[:, :3])
    assert not torch.equal(before[:, 3], after[:, 3])


def test_a_block_sees_itself_and_the_cached_past():
    cache = KvCache.empty(CacheShape(1, 1, (2, 2), 2, 16), Window(2))
    whole_q, whole_k, whole_v = qkv(8)
    out = []
    for frame in range(2):
        plan, part = cache.begin_block(1), slice(4 * frame, 4 * frame + 4)
        attention = CachedAttention(cache.view(plan), 0, AttentionBackend())
        out.append(attention(whole_q[:, part], whole_k[:, part], whole_v[:, part]))
    mask = torch.ones(2, 2).tril().bool().repeat_interleave(4, 0).repeat_interleave(4, 1)
    masked = MaskedAttention(rotary_tables([0, 1], (2, 2), 16), mask, AttentionBackend())
    torch.testing.assert_close(torch.cat(out, 1), masked(whole_q, whole_k, whole_v))


def test_each_head_looks_at_the_remembered_frames_that_answer_it_best():
    torch.manual_seed(0)
    size, heads = 4, 2
    q, keys, values = torch.randn(1, 3, heads, 16), *torch.randn(2, 1, 6 * size, heads, 16)
    sparse = SparseView(torch.tensor([0, 1, 4, 5]), torch.tensor([2]), keep=2)
    picked = best_frames(q, keys, values, sparse, size)
    for head in range(heads):
        frames = [keys[0, n * size : (n + 1) * size, head] for n in range(6)]
        score = {n: float(frames[n].mean(0) @ q[0, :, head].mean(0)) for n in (0, 1, 4, 5)}
        best = sorted(score, key=lambda n: -score[n])[:2]
        seen = torch.cat([torch.arange(n * size, (n + 1) * size) for n in (*best, 2)])
        alone = sdpa(q[:, :, [head]], keys[:, seen][:, :, [head]], values[:, seen][:, :, [head]])
        torch.testing.assert_close(sdpa(q, *picked)[:, :, [head]], alone)

"""Attention over rotated keys, with a mask or against a cache.

Decides how queries, keys and values [batch, tokens, heads, head_dim] become an output of the same
shape. It does not know projections or layers.
"""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.kv_cache import BlockPlan, KvCache
from scope.models.rope import RotaryTables, rotate


class SelfAttend(Protocol):
    def __call__(self, q: Tensor, k: Tensor, v: Tensor, /) -> Tensor: ...


class RMSNorm(nn.Module):
    """Root mean square over all heads together, in float32."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.eps)
        return (wide * scale * self.weight).to(x.dtype)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2)


class MaskedAttention:
    """A whole sequence, its frames hidden from each other by a mask over tokens."""

    def __init__(self, tables: RotaryTables, mask: Tensor | None) -> None:
        self.tables = tables
        self.mask = mask

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, /) -> Tensor:
        return attend(rotate(q, self.tables), rotate(k, self.tables), v, self.mask)


class CachedAttention:
    """A block that sees all of itself and every frame in the cache."""

    def __init__(
        self,
        cache: KvCache,
        plan: BlockPlan,
        layer: int,
        queries: RotaryTables,
        keys: RotaryTables,
    ) -> None:
        self.cache = cache
        self.plan = plan
        self.layer = layer
        self.queries = queries
        self.keys = keys

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, /) -> Tensor:
        self.cache.write(self.layer, self.plan, k, v)
        all_k, all_v = self.cache.read(self.layer, self.plan)
        return attend(rotate(q, self.queries), rotate(all_k, self.keys), all_v)

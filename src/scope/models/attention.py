"""Self-attention over rotated keys, with a mask or against a cache.

Decides how queries, keys and values [batch, tokens, heads, head_dim] become an output of the same
shape. It does not know projections or layers, nor how a kernel works.
"""

from typing import Protocol

import torch
from torch import Tensor, nn

from scope.models.attention_backend import AttentionBackend, biased_in_runs, sdpa
from scope.models.cache_view import CacheView, SparseView
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


class MaskedAttention:
    """A whole sequence, its frames hidden from each other by a mask over tokens."""

    def __init__(
        self, tables: RotaryTables, mask: Tensor | None, backend: AttentionBackend
    ) -> None:
        self.tables = tables
        self.mask = mask
        self.backend = backend

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, /) -> Tensor:
        return self.backend.masked(rotate(q, self.tables), rotate(k, self.tables), v, self.mask)


class CachedAttention:
    """A block that sees all of itself and what its plan reads of the cache."""

    def __init__(self, view: CacheView, layer: int, backend: AttentionBackend) -> None:
        self.view = view
        self.layer = layer
        self.backend = backend

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, /) -> Tensor:
        view = self.view
        turned = rotate(q, view.queries)
        view.write(self.layer, k, v, rotate(k, view.queries))
        keys, values = view.read(self.layer)
        if view.sparse is not None:
            keys, values = best_frames(turned, keys, values, view.sparse, view.frame_tokens)
        elif view.bias is not None:
            if q.is_cuda and view.runs:
                return biased_in_runs(turned, keys, values, view.runs, view.frame_tokens)
            return sdpa(turned, keys, values, view.bias.expand(-1, -1, q.shape[1], -1))
        return self.backend(turned, keys, values)


def best_frames(
    q: Tensor, keys: Tensor, values: Tensor, plan: SparseView, size: int
) -> tuple[Tensor, Tensor]:
    """Keys and values each head looks at: its best remembered frames, and all recent ones.

    A frame is judged by the product of its mean key with the mean query of the block.
    """
    keys, values = (x.reshape(len(x), -1, size, *x.shape[2:]) for x in (keys, values))
    remembered = keys.index_select(1, plan.candidates)
    score = torch.einsum("bfhd,bhd->bfh", remembered.float().mean(2), q.float().mean(1))
    best = score.topk(plan.keep, dim=1).indices
    chosen = best[:, :, None, :, None]
    picked = []
    for x in (keys, values):
        frames = x.index_select(1, plan.candidates)
        kept = frames.gather(1, chosen.expand(-1, -1, size, -1, x.shape[-1]))
        picked.append(torch.cat((kept, x.index_select(1, plan.rest)), dim=1).flatten(1, 2))
    return picked[0], picked[1]

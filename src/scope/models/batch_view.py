"""Several caches as rows of one batch, each with its own plan.

Decides how rows that hold different numbers of frames share one pass: shorter ones are padded with
slots they do not see. The caches' tensors are views of common ones, so nothing is copied. It does
not know what the rows are.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from scope.models.cache_plan import BlockPlan
from scope.models.cache_policy import CachePolicy
from scope.models.cache_view import CacheView
from scope.models.kv_cache import CacheShape, KvCache
from scope.models.rope import RotaryTables, rotary_tables


class CacheRows:
    """Caches of one stream each, over common tensors."""

    def __init__(self, shape: CacheShape, policy: CachePolicy, like: Tensor, *, rows: int) -> None:
        """like: of the type and on the device that the caches should be."""
        frame = (shape.frame_tokens, shape.heads, shape.head_dim)
        size = (shape.layers, rows, policy.slots, *frame)
        self.keys, self.values, self.rotated = (like.new_zeros(size) for _ in range(3))
        tables = rotary_tables(range(policy.slots), shape.grid, shape.head_dim, like.device)
        self.caches: list[KvCache] = []
        for row in range(rows):
            keys, values, rotated = (x[:, row : row + 1] for x in self._tensors())
            self.caches.append(KvCache(shape, policy, keys, values, rotated, tables))

    def view(self, plans: Sequence[BlockPlan]) -> CacheView:
        """One pass for the first rows, each by its plan."""
        views = [cache.view(plan) for cache, plan in zip(self.caches, plans, strict=False)]
        reads = max(view.reads for view in views)
        queries = torch.stack([view.queries.table for view in views])
        keys, values, rotated = (x[:, : len(views)] for x in self._tensors())
        return CacheView(
            keys,
            values,
            rotated,
            slots=torch.stack([view.slots for view in views]),
            reads=reads,
            queries=RotaryTables(queries),
            bias=_joint_bias(views, reads),
        )

    def _tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.keys, self.values, self.rotated


def _joint_bias(views: Sequence[CacheView], reads: int) -> Tensor | None:
    if all(view.bias is None and view.reads == reads for view in views):
        return None
    size = views[0].frame_tokens
    joint = views[0].keys.new_full((len(views), 1, 1, reads * size), -math.inf)
    for row, view in enumerate(views):
        joint[row, 0, 0, : view.reads * size] = 0.0 if view.bias is None else view.bias[0, 0, 0]
    return joint

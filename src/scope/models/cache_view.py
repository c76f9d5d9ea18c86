"""A plan as tensors: what all passes of a block share.

Decides how a pass writes its frames into a cache and reads the others. Holds tensors and shapes
only, no slot numbers, so that one compiled or captured pass serves every block of the same shape.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from scope.models.cache_plan import BlockPlan
from scope.models.rope import RotaryTables
from scope.models.staging import staged


@dataclass(frozen=True, slots=True)
class SparseView:
    candidates: Tensor
    rest: Tensor
    keep: int


@dataclass(frozen=True, slots=True)
class CacheView:
    keys: Tensor
    """[layers, batch, slots, tokens, heads, head_dim], as are the next two; un-rotated."""
    values: Tensor
    rotated: Tensor
    slots: Tensor
    """Of the last frames of the pass; frames before them are not kept. [frames], or one list for
    each row of the batch."""
    reads: int
    """How many slots are read, from the first."""
    queries: RotaryTables
    bias: Tensor | None = None
    """[batch or 1, 1, 1, keys], added to the scores."""
    runs: tuple[float, ...] = ()
    """The same bias by slot, for kernels that take no mask; empty if rows of the batch differ."""
    sparse: SparseView | None = None

    @property
    def frame_tokens(self) -> int:
        return self.keys.shape[3]

    def write(self, layer: int, keys: Tensor, values: Tensor, turned: Tensor) -> None:
        """Overwrite the block's slots; all are [batch, tokens, heads, head_dim]."""
        count, size = self.slots.shape[-1], self.frame_tokens
        if not count:
            return
        for store, fresh in ((self.keys, keys), (self.values, values), (self.rotated, turned)):
            frames = fresh[:, fresh.shape[1] - count * size :]
            frames = frames.reshape(len(frames), count, *store.shape[3:])
            if self.slots.ndim == 1:
                store[layer].index_copy_(1, self.slots, frames)
                continue
            for row, slots in enumerate(self.slots.unbind(0)):
                store[layer, row].index_copy_(0, slots, frames[row])

    def read(self, layer: int) -> tuple[Tensor, Tensor]:
        """Rotated keys and values of everything the plan reads, in slot order."""
        keys, values = (x[layer][:, : self.reads] for x in (self.rotated, self.values))
        return keys.flatten(1, 2), values.flatten(1, 2)


def sparse_view(plan: BlockPlan, device: torch.device) -> SparseView | None:
    if plan.sparse is None:
        return None
    candidates, rest = (
        staged(torch.tensor(slots), device) for slots in (plan.sparse.candidates, plan.sparse.rest)
    )
    return SparseView(candidates, rest, plan.sparse.keep)

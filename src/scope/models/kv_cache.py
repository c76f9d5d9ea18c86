"""One stream's self-attention cache: a ring of frame slots that a policy's plans are applied to.

Decides how keys and values are stored: un-rotated, so that positions can be chosen when they are
read, with a rotated copy of the keys made once a block. Slots are overwritten in place; nothing is
ever moved, and every tensor keeps its address and shape for life. What a block overwrites can be
put back (`mark`, `rollback`). It does not know which frames stay: that is the policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from scope.models.cache_plan import BlockPlan, Index
from scope.models.cache_policy import CachePolicy, replay_plan, rewound
from scope.models.cache_view import CacheView, sparse_view
from scope.models.memory_bank import merge_pending
from scope.models.rope import RotaryTables, rotary_tables, rotate
from scope.models.staging import staged
from scope.models.tensor_bytes import AnyArray, array_of, tensor_of
from scope.models.undo_log import UndoLog


@dataclass(frozen=True, slots=True)
class CacheShape:
    layers: int
    batch: int
    grid: tuple[int, int]
    """Token rows and columns of a frame."""
    heads: int
    head_dim: int

    @property
    def frame_tokens(self) -> int:
        return self.grid[0] * self.grid[1]


@dataclass(slots=True)
class KvCache:
    shape: CacheShape
    policy: CachePolicy
    keys: Tensor
    """[layers, batch, slots, tokens, heads, head_dim], un-rotated."""
    values: Tensor
    rotated: Tensor
    """Keys as the present block reads them."""
    tables: RotaryTables
    """Of as many positions as there are slots."""
    index: Index = field(default_factory=Index)
    undo: UndoLog = field(init=False)
    _indices: dict[int, Index] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.undo = UndoLog((self.keys, self.values))

    @classmethod
    def empty(
        cls,
        shape: CacheShape,
        policy: CachePolicy,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> "KvCache":
        frame = (shape.frame_tokens, shape.heads, shape.head_dim)
        size = (shape.layers, shape.batch, policy.slots, *frame)
        keys, values, rotated = (torch.zeros(size, dtype=dtype, device=device) for _ in range(3))
        tables = rotary_tables(range(policy.slots), shape.grid, shape.head_dim, device)
        return cls(shape, policy, keys, values, rotated, tables)

    @property
    def order(self) -> tuple[int, ...]:
        """Slots from the oldest frame to the newest."""
        return self.index.order

    def begin_block(self, frames: int, text: Tensor | None = None) -> BlockPlan:
        """Make room for new frames. Call once a block: repeated passes use the same plan.

        text: the prompt's keys [layers, batch, tokens, heads, head_dim], for a memory bank.
        """
        plan, index = self.policy.begin(self.index, frames)
        self._open(plan, text)
        self.index = index
        return plan

    def begin_replay(self, frames: int, *, keep_sink: bool) -> BlockPlan:
        """Make the last frames of the stream again, in one pass; no frame leaves."""
        plan = replay_plan(self.policy, self.index, frames, keep_sink=keep_sink)
        self._open(plan, None)
        return plan

    def rewind(self, kept: int) -> None:
        """Forget all but the first frames held, to make the others again block by block."""
        self.index = rewound(self.index, kept)

    def begin_again(self, frames: int) -> BlockPlan:
        """A block of frames that was in the stream before; sink and bank stay as they are."""
        before = self.index
        plan, index = self.policy.begin(before, frames)
        plan = replace(plan, merges=(), bank=None)
        self._open(plan, None)
        self.index = replace(index, blocks=before.blocks)
        return plan

    def commit(self, plan: BlockPlan) -> None:
        """The block is what it will be: a memory bank may record it."""
        if plan.bank is not None and plan.bank.record:
            for tensor in (self.keys, self.values):
                tensor[:, :, plan.bank.pending] = tensor[:, :, plan.slots[0]]

    def view(self, plan: BlockPlan) -> CacheView:
        """The plan for the passes of its block."""
        device = self.keys.device
        bias = None
        if plan.bias and plan.sparse is None:
            row = staged(torch.tensor(plan.bias, dtype=self.keys.dtype), device)
            bias = row.repeat_interleave(self.shape.frame_tokens).view(1, 1, 1, -1)
        return CacheView(
            self.keys,
            self.values,
            self.rotated,
            slots=staged(torch.tensor(plan.slots, dtype=torch.int64), device),
            reads=len(plan.key_positions),
            queries=self._tables(plan.query_positions),
            bias=bias,
            runs=plan.bias,
            sparse=sparse_view(plan, device),
        )

    def mark(self) -> int:
        """Remember this moment; two marks are kept."""
        number = self.undo.mark()
        self._indices = dict(list(self._indices.items())[-1:])
        self._indices[number] = self.index
        return number

    def point(self) -> int:
        """A mark for the length of one block; end it with `forget` or `rollback`."""
        number = self.undo.point()
        self._indices[number] = self.index
        return number

    def forget(self, number: int) -> None:
        self.undo.forget(number)
        del self._indices[number]

    def abandon(self, number: int) -> bool:
        """End a point by undoing what came after it; False if it is gone already."""
        if number not in self._indices:
            return False
        self.rollback(number)
        self.forget(number)
        return True

    def rollback(self, number: int) -> None:
        """Put back every slot, bit for bit."""
        self.undo.rollback(number)
        self.index = self._indices[number]
        self._indices = {n: index for n, index in self._indices.items() if n <= number}

    def reset(self) -> None:
        """An empty cache; marks taken before stay good."""
        self.index = Index()

    def dump(self) -> dict[str, AnyArray]:
        """What has to be kept to go on exactly, as named arrays; marks do not survive."""
        counts = np.array([self.index.begun, self.index.blocks], np.int64)
        order = np.array(self.index.order, np.int64)
        arrays = {"cache.order": order, "cache.counts": counts}
        arrays["cache.keys"] = array_of(self.keys)
        arrays["cache.values"] = array_of(self.values)
        return arrays

    def load(self, arrays: Mapping[str, AnyArray]) -> None:
        """Go on from `dump`; other names are not looked at. Raises ValueError."""
        order, counts = arrays.get("cache.order"), arrays.get("cache.counts")
        if order is None or counts is None or order.dtype != np.int64 or counts.shape != (2,):
            raise ValueError("the cache's index is missing")
        held = tuple(int(slot) for slot in order)
        if sorted(held) != list(range(len(held))) or len(held) > self.policy.window:
            raise ValueError("the cache's index names slots that do not exist")
        if counts.dtype != np.int64 or counts[0] < len(held) or counts[1] < 0:
            raise ValueError("the cache's index has impossible counts")
        keys = tensor_of(arrays.get("cache.keys"), self.keys)
        values = tensor_of(arrays.get("cache.values"), self.values)
        self.keys.copy_(keys)
        self.values.copy_(values)
        self.undo.clear()
        self._indices.clear()
        self.index = Index(held, int(counts[0]), int(counts[1]))

    def _open(self, plan: BlockPlan, text: Tensor | None) -> None:
        bank = plan.bank
        spoiled = plan.slots + tuple(sink for _, sink in plan.merges)
        if bank is not None:
            spoiled += bank.slots if bank.merge else ()
            spoiled += (bank.pending,) if bank.record else ()
        self.undo.protect(spoiled)
        for leaving, sink in plan.merges:
            for tensor in (self.keys, self.values):
                tensor[:, :, sink].lerp_(tensor[:, :, leaving], 1.0 - plan.fade)
        if bank is not None and bank.merge:
            merge_pending(self.keys, self.values, bank, text)
        self._rotate(plan)

    def _rotate(self, plan: BlockPlan) -> None:
        """The keys that are already there, turned to where they stand for this block."""
        turned = self._tables(plan.key_positions)
        end = len(plan.key_positions)
        for layer in range(self.shape.layers):
            keys = self.keys[layer][:, :end]
            self.rotated[layer][:, :end] = rotate(keys.flatten(1, 2), turned).view_as(keys)

    def _tables(self, positions: tuple[int, ...]) -> RotaryTables:
        shape, device = self.shape, self.keys.device
        if max(positions) >= self.policy.slots or min(positions) < 0:
            return rotary_tables(positions, shape.grid, shape.head_dim, device)
        return self.tables.frames(staged(torch.tensor(positions), device), shape.frame_tokens)

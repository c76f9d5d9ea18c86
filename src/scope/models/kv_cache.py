"""One stream's self-attention cache: a fixed set of frame slots, some of them a sink.

Decides which slot a new frame takes, which frame leaves, and at which position each cached frame
stands. Keys are kept un-rotated and positions count from the oldest cached frame, so they never
grow. Slots are overwritten in place: attention does not care about the order of its keys, so
nothing is ever moved. It does not know what the tensors mean, nor how they are made.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class CacheShape:
    layers: int
    batch: int
    frames: int
    """How many frames fit, the sink and the block being made included."""
    frame_tokens: int
    heads: int
    head_dim: int
    sink: int = 0
    """The first frames of the stream that never leave."""


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """Where a block of new frames goes and what it sees."""

    slots: tuple[int, ...]
    query_positions: tuple[int, ...]
    key_positions: tuple[int, ...]
    """The position of the frame in slot 0, 1, ...: as many slots as hold something."""


@dataclass(slots=True)
class KvCache:
    shape: CacheShape
    keys: list[Tensor]
    values: list[Tensor]
    order: list[int] = field(default_factory=list)
    """Slots from the oldest frame to the newest."""

    @classmethod
    def empty(
        cls,
        shape: CacheShape,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> "KvCache":
        size = (shape.batch, shape.frames * shape.frame_tokens, shape.heads, shape.head_dim)
        keys = [torch.zeros(size, dtype=dtype, device=device) for _ in range(shape.layers)]
        values = [torch.zeros(size, dtype=dtype, device=device) for _ in range(shape.layers)]
        return cls(shape, keys, values)

    def begin_block(self, frames: int) -> BlockPlan:
        """Make room for new frames. Call once a block: repeated passes use the same plan."""
        room = self.shape.frames - self.shape.sink
        if not 0 < frames <= room:
            raise ValueError(f"a block of {frames} frames does not fit a window of {room}")
        evicted = max(0, len(self.order) + frames - self.shape.frames)
        sink = self.shape.sink
        free = self.order[sink : sink + evicted]
        del self.order[sink : sink + evicted]
        free += range(len(self.order) + evicted, len(self.order) + frames)
        self.order += free
        positions = {slot: position for position, slot in enumerate(self.order)}
        return BlockPlan(
            slots=tuple(free),
            query_positions=tuple(positions[slot] for slot in free),
            key_positions=tuple(positions[slot] for slot in range(len(self.order))),
        )

    def write(self, layer: int, plan: BlockPlan, keys: Tensor, values: Tensor) -> None:
        """Overwrite the block's slots; keys and values are [batch, tokens, heads, head_dim]."""
        size = self.shape.frame_tokens
        for index, slot in enumerate(plan.slots):
            there, here = slice(slot * size, (slot + 1) * size), slice(index * size, None)
            self.keys[layer][:, there] = keys[:, here][:, :size]
            self.values[layer][:, there] = values[:, here][:, :size]

    def read(self, layer: int, plan: BlockPlan) -> tuple[Tensor, Tensor]:
        """Everything the plan sees, in slot order."""
        end = len(plan.key_positions) * self.shape.frame_tokens
        return self.keys[layer][:, :end], self.values[layer][:, :end]

    def reset(self) -> None:
        self.order.clear()

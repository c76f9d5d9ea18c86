"""Which frames stay in a cache, and at which positions they are read: pure index arithmetic.

Decides slots, evictions, positions and biases. Nothing is ever moved: a new frame overwrites the
slot of the one that leaves, and positions are counted from the oldest frame held, so they stay
small however long a stream runs. It does not know tensors.
"""

import math
from dataclasses import dataclass, replace
from typing import Protocol

from scope.models.cache_plan import BankPlan, BlockPlan, Index, SparsePlan


class CachePolicy(Protocol):
    @property
    def slots(self) -> int:
        """How many frames have to be stored."""
        ...

    @property
    def window(self) -> int:
        """How many recent frames at most are seen, the sink and the new block included."""
        ...

    @property
    def sink(self) -> int:
        """How many of the first frames never leave."""
        ...

    def begin(self, index: Index, frames: int) -> tuple[BlockPlan, Index]:
        """Make room for a block of new frames; once a block, however many passes it takes."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """The newest frames, and of the first ones a sink that never leaves."""

    frames: int
    sink: int = 0
    ema: float | None = None
    """A leaving frame fades into the sink, of which this share stays (Reward-Forcing: 0.999)."""
    absolute: bool = False
    """Positions count from the start of the stream, as some models were trained."""
    endless: bool = True
    """False: a stream ends when the window is full."""
    kv_bias: float = 1.0
    """Weight of past frames, except the first, in attention (Krea: 0.3)."""
    static: bool = False
    """Read all slots from the beginning, hiding the empty ones: one shape for every block."""

    @property
    def slots(self) -> int:
        return self.frames

    @property
    def window(self) -> int:
        return self.frames

    def begin(self, index: Index, frames: int) -> tuple[BlockPlan, Index]:
        evicted = evictions(index, frames, self.frames, self.sink)
        if evicted and not self.endless:
            raise ValueError(f"the cache of {self.frames} frames is full")
        after, taken = advance(index, frames, evicted, self.sink)
        positions = _positions(after, self.sink, absolute=self.absolute)
        reads = self.frames if self.static else len(after.order)
        merges = self._merges(index, taken[: len(evicted)])
        plan = BlockPlan(
            slots=taken,
            query_positions=tuple(positions[slot] for slot in taken),
            key_positions=tuple(positions.get(slot, 0) for slot in range(reads)),
            bias=self._bias(after, frames, reads),
            merges=merges,
            fade=self.ema or 1.0,
        )
        return plan, after

    def _merges(self, index: Index, leaving: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        if self.ema is None or not self.sink:
            return ()
        # The n-th frame ever to leave fades into sink slot n modulo the size of the sink.
        gone = index.begun - len(index.order)
        return tuple(
            (slot, index.order[(gone + place) % self.sink]) for place, slot in enumerate(leaving)
        )

    def _bias(self, index: Index, frames: int, reads: int) -> tuple[float, ...]:
        past = index.order[1:-frames] if self.kv_bias != 1.0 else ()
        if not past and reads == len(index.order):
            return ()
        held = dict.fromkeys(index.order, 0.0)
        held.update(dict.fromkeys(past, math.log(self.kv_bias)))
        return tuple(held.get(slot, -math.inf) for slot in range(reads))


def full(frames: int) -> Window:
    """Everything is kept; a stream has at most that many frames."""
    return Window(frames, endless=False)


@dataclass(frozen=True, slots=True)
class MemoryBank:
    """Sink and window, and between them a bank of frames that answer the prompt best (MemFlow).

    The first frame of every third block is recorded; it enters the bank with the next blocks.
    When the bank is full, the frames whose keys agree most with the prompt's keys stay.
    """

    frames: int = 12
    sink: int = 3
    bank: int = 3
    interval: int = 3
    """Blocks from one recording to the next."""
    merge_once: bool = False
    """Merge a recorded frame once; as published it merges before every block, so that a full bank
    may come to hold it twice."""
    sparse: int = 0
    """How many frames of sink and bank each head looks at; 0 for all."""

    @property
    def slots(self) -> int:
        return self.frames + self.bank + 1

    @property
    def window(self) -> int:
        return self.frames

    def begin(self, index: Index, frames: int) -> tuple[BlockPlan, Index]:
        evicted = evictions(index, frames, self.frames, self.sink)
        after, taken = advance(index, frames, evicted, self.sink)
        step = self._step(index.blocks)
        # While a frame is being recorded, the one before it is the newest to be seen.
        seen = min(step.end - step.record, self.bank)
        visible = step.slots[:seen]
        standing = (*after.order[: self.sink], *visible, *after.order[self.sink :])
        positions = {slot: position for position, slot in enumerate(standing)}
        reads = max(standing) + 1
        bias = tuple(0.0 if slot in positions else -math.inf for slot in range(reads))
        plan = BlockPlan(
            slots=taken,
            query_positions=tuple(positions[slot] for slot in taken),
            key_positions=tuple(positions.get(slot, 0) for slot in range(reads)),
            bias=bias if reads > len(standing) else (),
            bank=step,
            sparse=self._sparse(after.order, visible),
        )
        return plan, after

    def _step(self, block: int) -> BankPlan:
        since = block % self.interval
        return BankPlan(
            slots=tuple(range(self.frames, self.frames + self.bank)),
            pending=self.frames + self.bank,
            end=block // self.interval + 1,
            merge=since == 1 or (block > 0 and not self.merge_once),
            record=since == 0,
        )

    def _sparse(self, order: tuple[int, ...], visible: tuple[int, ...]) -> SparsePlan | None:
        candidates = (*order[: self.sink], *visible)
        if not self.sparse or len(candidates) <= self.sparse or len(order) <= self.sink:
            return None
        return SparsePlan(candidates, order[self.sink :], self.sparse)


def replay_plan(policy: CachePolicy, index: Index, frames: int, *, keep_sink: bool) -> BlockPlan:
    """One pass over the last `frames` frames of the stream, all seeing each other and the sink.

    With `keep_sink` the sink keeps its keys and values, and what the pass makes of frames that no
    longer have a slot is not stored (LongLive). Otherwise the sink's slots are written as well.
    """
    absolute = isinstance(policy, Window) and policy.absolute
    protected = index.order[: policy.sink] if keep_sink else ()
    held = index.order[-frames:]
    positions = _positions(index, policy.sink, absolute=absolute)
    last = positions[index.order[-1]]
    return BlockPlan(
        slots=tuple(slot for slot in held if slot not in protected),
        query_positions=tuple(range(last + 1 - frames, last + 1)),
        key_positions=tuple(positions[slot] for slot in range(len(index.order))),
    )


def evictions(index: Index, frames: int, room: int, sink: int) -> tuple[int, ...]:
    """The slots of the frames that leave for a new block."""
    if not 0 < frames <= room - sink:
        raise ValueError(f"a block of {frames} frames does not fit a window of {room - sink}")
    count = max(0, len(index.order) + frames - room)
    return index.order[sink : sink + count]


def advance(
    index: Index, frames: int, evicted: tuple[int, ...], sink: int
) -> tuple[Index, tuple[int, ...]]:
    """The index after a block was let in, and the slots it takes."""
    kept = index.order[:sink] + index.order[sink + len(evicted) :]
    fresh = tuple(range(len(index.order), len(kept) + frames))
    taken = (*evicted, *fresh)
    after = Index((*kept, *taken), index.begun + frames, index.blocks + 1)
    return after, taken


def rewound(index: Index, kept: int) -> Index:
    """As if only the first frames held had been made; those after them are to be made again."""
    gone = len(index.order) - kept
    return replace(index, order=index.order[:kept], begun=index.begun - gone)


def _positions(index: Index, sink: int, *, absolute: bool) -> dict[int, int]:
    gone = index.begun - len(index.order) if absolute else 0
    return {slot: place + (gone if place >= sink else 0) for place, slot in enumerate(index.order)}

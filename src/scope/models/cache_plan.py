"""Where a pass puts its frames in a cache and what it sees there: values only.

Decides the vocabulary between a cache policy (which makes plans) and the cache (which obeys them).
It does not know tensors.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Index:
    """What a cache holds, as far as a policy needs it."""

    order: tuple[int, ...] = ()
    """Slots from the oldest frame to the newest."""
    begun: int = 0
    """Frames of the stream so far."""
    blocks: int = 0
    """Blocks of the stream so far."""


@dataclass(frozen=True, slots=True)
class BankPlan:
    """What a memory bank does around a block."""

    slots: tuple[int, ...]
    pending: int
    """The slot where the frame waits that was recorded last."""
    end: int
    """How many frames were ever recorded; more than fit means: score, keep the best."""
    merge: bool
    record: bool


@dataclass(frozen=True, slots=True)
class SparsePlan:
    """Of `candidates`, each head sees only the `keep` slots that answer it best, and `rest`."""

    candidates: tuple[int, ...]
    rest: tuple[int, ...]
    keep: int


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """Where a block of new frames goes and what it sees."""

    slots: tuple[int, ...]
    """Of the last frames of the pass, as many as there are slots; frames before are not kept."""
    query_positions: tuple[int, ...]
    key_positions: tuple[int, ...]
    """The position of the frame in slot 0, 1, ...: as many slots as are read."""
    bias: tuple[float, ...] = ()
    """What is added to the scores of each slot read; -inf hides it. Empty: nothing to add."""
    merges: tuple[tuple[int, int], ...] = ()
    """(slot of a leaving frame, slot of the sink it fades into), before the first pass."""
    fade: float = 1.0
    """What stays of the sink when a frame fades into it."""
    bank: BankPlan | None = None
    sparse: SparsePlan | None = None

"""Everything of a vista stream that changes over time, and how to go back.

Decides what is kept for a rollback: for each of the last two marks, the slots overwritten since
and the small things as they were. It does not know the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scope.pipelines.conditioning import Conditioner, ConditionerMark
from scope.pipelines.state_bytes import AnyArray, pack, unpack
from scope.pipelines.vista.anchor import Anchor
from scope.pipelines.vista.sampler import TIMESTEPS
from scope.pipelines.vista.text import ROWS, TEXT_WIDTH

Array = NDArray[np.float32]

MARKS_KEPT = 2

Small = tuple[int, tuple[int, ...], Array, Array, Anchor, float]
"""What is replaced and never written to: chunk, order, memory, recent, anchor, past_t."""


@dataclass(slots=True)
class _Undo:
    """The stream as it was at a mark."""

    number: int
    small: Small
    conditioning: ConditionerMark
    slots: dict[int, tuple[Array, Array]] = field(default_factory=dict)


@dataclass(slots=True)
class VistaState:
    seed: int
    conditioner: Conditioner
    memory: Array
    """What the decoder remembers; replaced, never written to."""
    keys: Array
    """[layers, slots, tokens, dim], un-rotated."""
    values: Array
    recent: Array
    """[slots, channels, height, width]: the last latent frames, the newest last; replaced too."""
    anchor: Anchor
    past_t: float = 0.0
    """The noise level, as a timestep, that the past had when the words last changed."""
    chunk: int = 0
    order: tuple[int, ...] = ()
    """Slots from the oldest frame to the newest."""
    marks: int = 0
    undo: list[_Undo] = field(default_factory=list)

    @property
    def frames(self) -> Array:
        """The last latent frames there are, at most one for each slot."""
        return self.recent[len(self.recent) - min(self.chunk, len(self.recent)) :]

    def forget(self) -> None:
        """Empty the cache; slots are written over as they are needed."""
        self.order = ()

    def commit(self, keys: Array, values: Array, *, sink: int) -> None:
        """Put a finished frame [layers, tokens, dim] into the cache, over the oldest if full."""
        order, slots = list(self.order), self.keys.shape[1]
        slot = len(order) if len(order) < slots else order.pop(sink)
        saved: tuple[Array, Array] | None = None
        for undo in self.undo:
            if slot not in undo.slots:
                saved = saved or (self.keys[:, slot].copy(), self.values[:, slot].copy())
                undo.slots[slot] = saved
        self.keys[:, slot], self.values[:, slot] = keys, values
        self.order = (*order, slot)

    def mark(self) -> int:
        self.marks += 1
        conditioning = self.conditioner.mark()
        small = (self.chunk, self.order, self.memory, self.recent, self.anchor, self.past_t)
        undo = _Undo(self.marks, small, conditioning)
        self.undo = [*self.undo[-(MARKS_KEPT - 1) :], undo]
        return self.marks

    def rollback(self, mark: int) -> None:
        undo = next((each for each in self.undo if each.number == mark), None)
        if undo is None:
            raise ValueError("this mark is too old: two later ones have been taken")
        for slot, (keys, values) in undo.slots.items():
            self.keys[:, slot], self.values[:, slot] = keys, values
        undo.slots.clear()
        self.chunk, self.order, self.memory, self.recent, self.anchor, self.past_t = undo.small
        self.conditioner.rollback(undo.conditioning)
        self.undo = [each for each in self.undo if each.number <= mark]

    def dump(self) -> bytes:
        """As plain arrays; marks do not survive."""
        arrays: dict[str, AnyArray] = {
            "seed": np.array(self.seed, np.uint64),
            "chunk": np.array(self.chunk, np.int64),
            "order": np.array(self.order, np.int64),
            "memory": self.memory,
            "recent": self.recent,
            "anchor.frames": np.array(self.anchor.frames, np.int64),
            "anchor.looks": self.anchor.looks,
            "past_t": np.array(self.past_t, np.float64),
            "keys": self.keys,
            "values": self.values,
        }
        return pack(arrays | self.conditioner.dump())

    def restore(self, dumped: bytes) -> None:
        """Become the state that was dumped; this state's shapes are the law.

        Raises ValueError when the bytes do not hold such a state.
        """
        found = unpack(dumped)
        self._check(found)
        self.conditioner.load(found)
        self.seed, self.chunk = int(found["seed"]), int(found["chunk"])
        self.order = tuple(int(slot) for slot in found["order"])
        self.memory, self.recent = found["memory"], found["recent"]
        self.keys, self.values = found["keys"], found["values"]
        self.anchor = Anchor(found["anchor.looks"], int(found["anchor.frames"]))
        self.past_t = float(found["past_t"])

    def _check(self, found: Mapping[str, AnyArray]) -> None:
        own = {"keys": self.keys, "values": self.values, "memory": self.memory}
        own |= {"recent": self.recent, "anchor.looks": self.anchor.looks}
        own |= {"seed": np.zeros((), np.uint64), "past_t": np.zeros((), np.float64)}
        own |= dict.fromkeys(("chunk", "anchor.frames"), np.zeros((), np.int64))
        for name, mine in own.items():
            array = found.get(name)
            if array is None or array.shape != mine.shape or array.dtype != mine.dtype:
                raise ValueError(f"{name} of the dumped state is missing or of another shape")
        order = found.get("order", np.zeros(0))
        if order.ndim != 1 or order.dtype != np.int64 or len(order) > self.keys.shape[1]:
            raise ValueError("the dumped state does not say which slots are used")
        if sorted(order.tolist()) != list(range(len(order))):
            raise ValueError("the dumped state names slots that do not exist")
        if found["chunk"] < 0 or found["anchor.frames"] < 0:
            raise ValueError("the dumped state is before its beginning")
        if not 0 <= found["past_t"] <= TIMESTEPS:
            raise ValueError("the dumped state has a noise level that does not exist")
        for name in ("conditioner.start", "conditioner.current"):
            array = found.get(name)
            if array is not None and array.shape != (ROWS, TEXT_WIDTH):
                raise ValueError("an embedding of the dumped state has another shape")

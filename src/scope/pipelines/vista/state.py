"""Everything of a vista stream that changes over time, and how to go back.

Decides what is kept for a rollback: for each of the last two marks, the slots overwritten since
and the small things as they were. It does not know the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scope.frames import Pixels
from scope.pipelines.conditioning import Conditioner, ConditionerMark
from scope.pipelines.state_bytes import AnyArray, pack, unpack
from scope.pipelines.vista.anchor import Anchor
from scope.pipelines.vista.text import ROWS, TEXT_WIDTH

Array = NDArray[np.float32]

MARKS_KEPT = 2


@dataclass(slots=True)
class _Undo:
    """The stream as it was at a mark; the arrays named here are never written to."""

    number: int
    chunk: int
    order: tuple[int, ...]
    memory: Array
    told: Array
    anchor: Anchor
    shown: Pixels
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
    told: Array
    """[slots, rows, width]: the embeddings of the last latent frames, the newest last; replaced
    too."""
    anchor: Anchor
    shown: Pixels
    """[H, W, 3]: the last picture; replaced too."""
    chunk: int = 0
    order: tuple[int, ...] = ()
    """Slots from the oldest frame to the newest."""
    marks: int = 0
    undo: list[_Undo] = field(default_factory=list)

    @property
    def known(self) -> Array:
        """[frames, rows, width]: those of frames there are, at most one for each slot."""
        return self.told[max(len(self.told) - self.chunk, 0) :]

    def follow(self, embedding: Array) -> None:
        """One more frame, made with that embedding [rows, width]."""
        self.told = np.concatenate((self.told[1:], embedding[None]))
        self.chunk += 1

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
        undo = _Undo(
            number=self.marks,
            chunk=self.chunk,
            order=self.order,
            memory=self.memory,
            told=self.told,
            anchor=self.anchor,
            shown=self.shown,
            conditioning=self.conditioner.mark(),
        )
        self.undo = [*self.undo[-(MARKS_KEPT - 1) :], undo]
        return self.marks

    def rollback(self, mark: int) -> None:
        undo = next((each for each in self.undo if each.number == mark), None)
        if undo is None:
            raise ValueError("this mark is too old: two later ones have been taken")
        for slot, (keys, values) in undo.slots.items():
            self.keys[:, slot], self.values[:, slot] = keys, values
        undo.slots.clear()
        self.chunk, self.order, self.memory = undo.chunk, undo.order, undo.memory
        self.told, self.anchor, self.shown = undo.told, undo.anchor, undo.shown
        self.conditioner.rollback(undo.conditioning)
        self.undo = [each for each in self.undo if each.number <= mark]

    def dump(self) -> bytes:
        """As plain arrays; marks do not survive."""
        arrays: dict[str, AnyArray] = {
            "seed": np.array(self.seed, np.uint64),
            "chunk": np.array(self.chunk, np.int64),
            "order": np.array(self.order, np.int64),
            "memory": self.memory,
            "told": self.told,
            "shown": self.shown,
            "anchor.frames": np.array(self.anchor.frames, np.int64),
            "anchor.looks": self.anchor.looks,
            "anchor.words": self.anchor.words,
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
        self.memory, self.keys, self.values = (found[n] for n in ("memory", "keys", "values"))
        self.told, self.shown = found["told"], found["shown"]
        frames = int(found["anchor.frames"])
        self.anchor = Anchor(found["anchor.words"], found["anchor.looks"], frames)

    def _check(self, found: Mapping[str, AnyArray]) -> None:
        own: dict[str, AnyArray] = {"keys": self.keys, "values": self.values}
        own |= {"memory": self.memory, "told": self.told, "shown": self.shown}
        own |= {"anchor.looks": self.anchor.looks, "anchor.words": self.anchor.words}
        own |= dict.fromkeys(("chunk", "anchor.frames"), np.zeros((), np.int64))
        own |= {"seed": np.zeros((), np.uint64)}
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
        for name in ("conditioner.start", "conditioner.current"):
            array = found.get(name)
            if array is not None and array.shape != (ROWS, TEXT_WIDTH):
                raise ValueError("an embedding of the dumped state has another shape")

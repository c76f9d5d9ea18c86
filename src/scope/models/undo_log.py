"""What a cache looked like before its slots were overwritten, for going back to a recent mark.

Decides which slots have to be copied and in which order copies are put back. It copies a slot once
between two marks, however often it is written. It does not know why slots are written.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

MARKS_KEPT = 2

Saved = tuple[Tensor, ...]


@dataclass(slots=True)
class _Entry:
    number: int
    saved: dict[int, Saved] = field(default_factory=dict)
    """Slots as they were at this mark, if they were written since."""


class UndoLog:
    """Marks of tensors [layers, batch, slots, ...] that are written slot by slot."""

    def __init__(self, tensors: tuple[Tensor, ...]) -> None:
        self._tensors = tensors
        self._entries: list[_Entry] = []
        self._count = 0

    def mark(self) -> int:
        """Remember the present; two marks are kept."""
        number = self.point()
        del self._entries[:-MARKS_KEPT]
        return number

    def point(self) -> int:
        """Like `mark`, but counts as none: ended by `forget` or `rollback`."""
        self._count += 1
        self._entries.append(_Entry(self._count))
        return self._count

    def forget(self, number: int) -> None:
        """Drop the newest point; what it saved serves the mark before it."""
        entry = self._entries.pop()
        if entry.number != number:
            raise ValueError("only the newest point can be forgotten")
        if self._entries:
            self._entries[-1].saved = entry.saved | self._entries[-1].saved

    def protect(self, slots: tuple[int, ...]) -> None:
        """Call before slots are written."""
        if not self._entries:
            return
        saved = self._entries[-1].saved
        fresh = [slot for slot in dict.fromkeys(slots) if slot not in saved]
        for slot in fresh:
            saved[slot] = tuple(tensor[:, :, slot].clone() for tensor in self._tensors)

    def rollback(self, number: int) -> None:
        """Put everything back; the mark stays, later ones are gone."""
        if all(entry.number != number for entry in self._entries):
            raise ValueError("this mark is too old: two later ones have been taken")
        while self._entries[-1].number != number:
            self._restore(self._entries.pop())
        self._restore(self._entries[-1])

    def clear(self) -> None:
        self._entries.clear()

    @property
    def saved_bytes(self) -> int:
        """What the copies take at the moment."""
        kept = [
            tensor for entry in self._entries for saved in entry.saved.values() for tensor in saved
        ]
        return sum(tensor.nbytes for tensor in kept)

    @torch.no_grad()
    def _restore(self, entry: _Entry) -> None:
        for slot, saved in entry.saved.items():
            for tensor, before in zip(self._tensors, saved, strict=True):
                tensor[:, :, slot] = before
        entry.saved.clear()

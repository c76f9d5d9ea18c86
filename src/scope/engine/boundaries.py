"""The chunk boundaries a stream can return to.

Decides how far back that is. Knows nothing of why one goes back.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from scope.engine.control import Control, is_hard_cut
from scope.engine.control_mailbox import Merged

KEPT = 2  # a pipeline's mark is valid until two later ones have been taken


@dataclass(frozen=True, slots=True)
class Boundary:
    """One boundary, and what was taken in there.

    control: in force before it. first_index, chunk: of the chunk that begins there.
    """

    state: Any
    mark: Any
    control: Control
    taken: Merged | None
    first_index: int
    chunk: int

    def cuts(self, after: Control) -> bool:
        """Whether the chunk that begins here, under `after`, starts afresh."""
        return self.taken is not None and is_hard_cut(self.control, after, self.taken.update)


class Rewind:
    """A wish to return, made of all that asked for it since the last one was granted."""

    def __init__(self) -> None:
        self._to: int | None = None
        self._asked = 0

    def ask(self, drop_from: int) -> None:
        """Frames numbered `drop_from` and later may be dropped."""
        self._to = drop_from if self._to is None else min(drop_from, self._to)
        self._asked += 1

    def next_index(self, otherwise: int) -> int:
        """The frame that is made next: one of those that are dropped, or `otherwise`."""
        return otherwise if self._to is None else min(otherwise, self._to)

    def covers(self, first_index: int) -> bool:
        """Whether the chunk that begins with that frame is to be dropped."""
        return self._to is not None and first_index >= self._to

    def __bool__(self) -> bool:
        return self._to is not None

    def grant(self) -> tuple[int, int] | None:
        """From which frame on, and how many asked; the wish is forgotten. None: nobody did."""
        to, asked = self._to, self._asked
        self._to, self._asked = None, 0
        return None if to is None else (to, asked)


class Boundaries:
    """The newest boundaries of a stream."""

    def __init__(self) -> None:
        self._kept: deque[Boundary] = deque(maxlen=KEPT)

    def remember(self, boundary: Boundary) -> None:
        """A chunk begins."""
        self._kept.append(boundary)

    @property
    def last(self) -> Boundary:
        """Where the chunk in progress began."""
        return self._kept[-1]

    def forget_from(self, index: int) -> list[Boundary]:
        """Drop all whose chunks hold only frames numbered `index` and later, newest first."""
        forgotten = []
        while self._kept and self._kept[-1].first_index >= index:
            forgotten.append(self._kept.pop())
        return forgotten

    def clear(self) -> None:
        """There is no way back any more."""
        self._kept.clear()

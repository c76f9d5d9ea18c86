"""Updates on their way into a stream: checked one by one, merged until they are taken.

Thread-safe: filled by whoever receives, emptied by the worker at a chunk boundary. Decides
that a bad update is refused alone; knows nothing of when chunks start.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scope.control import ControlUpdate
from scope.engine.control import checked_params
from scope.pipelines.contract import Params


@dataclass(frozen=True, slots=True)
class Merged:
    """All updates since the last take as one, and the revisions that went into it.

    scripted: how many entries of the stream's script are in it; sent: the rest, if any.
    """

    update: ControlUpdate
    revisions: tuple[int, ...]
    scripted: int = 0
    sent: "Merged | None" = None

    def then(self, later: "Merged") -> "Merged":
        """Both as one."""
        return Merged(self.update.then(later.update), self.revisions + later.revisions)


class ControlMailbox:
    """Merges by `ControlUpdate.then`; the newest value of each key wins, none is lost."""

    def __init__(self, kind: type[Params], values: Mapping[str, Any]) -> None:
        self._kind = kind
        self._values = dict(values)
        self._waiting: Merged | None = None
        self._lock = threading.Lock()

    def put(self, update: ControlUpdate) -> None:
        """Accept `update`, or raise InvalidParameters and keep everything as it is."""
        with self._lock:
            if update.changes:
                values = {**self._values, **update.changes}
                checked_params(self._kind, values)
                self._values = values
            one = Merged(update, (update.revision,))
            self._waiting = one if self._waiting is None else self._waiting.then(one)

    def put_back(self, earlier: Merged) -> None:
        """Take back what was taken for a chunk that is not kept; goes before what waits."""
        with self._lock:
            self._waiting = earlier if self._waiting is None else earlier.then(self._waiting)

    def take(self) -> Merged | None:
        """Everything that waits, as one update; None when nothing does."""
        with self._lock:
            taken, self._waiting = self._waiting, None
            return taken

    def paused(self, now: bool) -> bool:
        """Whether the stream is paused once everything that waits is in force."""
        with self._lock:
            if self._waiting is None or self._waiting.update.paused is None:
                return now
            return self._waiting.update.paused

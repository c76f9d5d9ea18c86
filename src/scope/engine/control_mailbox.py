"""Updates on their way into a stream: checked one by one, merged until they are taken.

Thread-safe: filled by whoever receives, emptied by the worker at a chunk boundary. Decides
that a bad update is refused alone, and that one whose words are not ready yet waits with
all that came after it, unless what came after replaces those words. Knows nothing of when
chunks start or of what makes a text ready.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from scope.control import ControlUpdate
from scope.engine.control import Judge, anything, checked_params
from scope.pipelines.contract import Params

Ready = Callable[[tuple[str, ...]], bool]


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
    """Merges by `ControlUpdate.then`; the newest value of each key wins, none is lost.

    ready: whether these texts may be used now. Updates wait in groups: one with new words
    begins a group, except that there are never more than two of those. So the words that
    are waited for now do not change while somebody types, and newer ones follow at once.
    """

    def __init__(
        self,
        kind: type[Params],
        values: Mapping[str, Any],
        *,
        ready: Ready = lambda _: True,
        judge: Judge = anything,
    ) -> None:
        self._kind = kind
        self._judge = judge
        self._values = dict(values)
        self._ready = ready
        self._groups: list[Merged] = []
        self._lock = threading.Lock()

    def put(self, update: ControlUpdate) -> None:
        """Accept `update`, or raise InvalidParameters and keep everything as it is."""
        with self._lock:
            if update.changes:
                values = {**self._values, **update.changes}
                checked_params(self._kind, values, judge=self._judge)
                self._values = values
            one = Merged(update, (update.revision,))
            if not self._groups or (update.words() and len(self._groups) == 1):
                self._groups.append(one)
            else:
                self._groups[-1] = self._groups[-1].then(one)

    def put_back(self, earlier: Merged) -> None:
        """Take back what was taken for a chunk that is not kept; goes before what waits."""
        with self._lock:
            self._groups.insert(0, earlier)

    def take(self) -> Merged | None:
        """As many groups as have their words ready together, as one; None when none has."""
        with self._lock:
            for count in range(len(self._groups), 0, -1):
                together = reduce(Merged.then, self._groups[:count])
                if self._ready(together.update.words()):
                    del self._groups[:count]
                    return together
            return None

    def words(self) -> tuple[str, ...]:
        """What is waited for, the first group's first."""
        with self._lock:
            if not self._groups:
                return ()
            every = reduce(Merged.then, self._groups)
            return self._groups[0].update.words() + every.update.words()

    def waiting(self) -> tuple[Merged, ...]:
        """The groups, to be put back one by one elsewhere."""
        with self._lock:
            return tuple(self._groups)

    def forget_values(self, in_force: Mapping[str, Any]) -> None:
        """Something that was taken is not in force after all; only `in_force` is."""
        with self._lock:
            waiting = (group.update.changes for group in self._groups)
            self._values = reduce(lambda known, new: {**known, **new}, waiting, dict(in_force))

    def paused(self, now: bool) -> bool:
        """Whether the stream is paused once everything that waits is in force."""
        with self._lock:
            wishes = (group.update.paused for group in reversed(self._groups))
            return next((wish for wish in wishes if wish is not None), now)

"""Updates that were written before a stream began, each for its chunk. Pure.

Decides which of them are due, how they join what was sent meanwhile, and that going back
makes them due again at the same chunk. Knows nothing of where a script comes from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from scope.control import ControlUpdate, TimedUpdate
from scope.engine.control import Judge, anything, checked_params
from scope.engine.control_mailbox import Merged
from scope.pipelines.contract import Params


def check_script(
    kind: type[Params],
    values: Mapping[str, Any],
    entries: Sequence[TimedUpdate],
    *,
    judge: Judge = anything,
) -> None:
    """Raises InvalidParameters where an entry, on top of those before it, is not good."""
    together = dict(values)
    for entry in entries:
        if entry.update.changes:
            together |= entry.update.changes
            checked_params(kind, together, judge=judge)


class Script:
    """The script of one stream, and how far it is."""

    def __init__(self, entries: Sequence[TimedUpdate] = ()) -> None:
        self._entries = tuple(entries)
        self._next = 0

    def join(
        self, sent: Merged | None, *, chunk: int, first_index: int, revision: int
    ) -> Merged | None:
        """What was sent and, on top, what is due with this chunk; None when there is neither.

        revision: in force now. A script gives no new one: nobody waits to hear of it.
        """
        due = self._due(chunk, first_index)
        if not due:
            return sent
        update = due[0]
        for later in due[1:]:
            update = update.then(later)
        if sent is not None:
            update = replace(sent.update.then(update), revision=sent.update.revision)
            return Merged(update, sent.revisions, len(due), sent)
        return Merged(replace(update, revision=revision), (), len(due))

    def words(self, chunk: int, first_index: int) -> tuple[str, ...]:
        """The texts of what is due with this chunk."""
        due = self._upcoming(chunk, first_index)
        return tuple(text for update in due for text in update.words())

    def rest(self, *, besides: int = 0) -> tuple[TimedUpdate, ...]:
        """What is still to come, and the last `besides` entries that were taken."""
        return self._entries[self._next - besides :]

    def put_back(self, taken: Merged) -> Merged | None:
        """A chunk is not kept: what it had of the script is due again. What was sent."""
        self._next -= taken.scripted
        return taken.sent if taken.scripted else taken

    def _due(self, chunk: int, first_index: int) -> list[ControlUpdate]:
        due = self._upcoming(chunk, first_index)
        self._next += len(due)
        return due

    def _upcoming(self, chunk: int, first_index: int) -> list[ControlUpdate]:
        due = []
        for entry in self._entries[self._next :]:
            if chunk < entry.chunk or first_index < entry.frame:
                break
            due.append(entry.update)
        return due

"""Which updates still wait for their first picture; pure.

Every frame carries the newest revision it was made with, so a frame confirms all updates up
to it. Updates that were merged on the way are confirmed together.
"""

from collections import deque
from dataclasses import dataclass

from scope.protocol.parameters import ParameterUpdate
from scope.sessions.shown import Shown

MOST_PENDING = 1024


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """An update under way. before: what was in force; peer_id: who sent it, None for REST."""

    revision: int
    arrived_s: float
    update: ParameterUpdate
    before: Shown
    peer_id: str | None = None
    message_id: str | None = None

    @property
    def changes_words(self) -> bool:
        """Whether it brings another prompt."""
        return self.update.prompts is not None or self.update.transition is not None


class Confirmations:
    """Updates in the order of their revisions."""

    def __init__(self) -> None:
        self._pending: deque[PendingUpdate] = deque(maxlen=MOST_PENDING)

    def expect(self, update: PendingUpdate) -> None:
        """`update` was sent on its way."""
        self._pending.append(update)

    def settle(self, revision: int) -> list[PendingUpdate]:
        """Everything up to `revision` is in force, or refused as one; forget and return it."""
        settled = []
        while self._pending and self._pending[0].revision <= revision:
            settled.append(self._pending.popleft())
        return settled

    def refuse(self, revision: int, shown: Shown) -> tuple[PendingUpdate | None, Shown]:
        """The update `revision` was refused, alone: it, and what is in force without it."""
        for index, update in enumerate(self._pending):
            if update.revision == revision:
                del self._pending[index]
                shown = update.before
                for later in list(self._pending)[index:]:
                    shown = shown.after(later.update)
                return update, shown
        return None, shown


def worth_telling(settled: list[PendingUpdate]) -> list[PendingUpdate]:
    """Those a client hears of: each that it numbered, and of the rest the newest per sender."""
    newest = {update.peer_id: update.revision for update in settled}
    return [
        update
        for update in settled
        if update.message_id is not None or newest[update.peer_id] == update.revision
    ]

"""One peer of a session, with what the session knows about it.

Decides that a viewer hears of the end exactly once, and nothing after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scope.frames import Codec
from scope.protocol.notices import ErrorNotice, Notice, Stats
from scope.sessions.ending import DELETED_BY_OWNER, WISHED, Ending
from scope.sessions.permit import Permit

if TYPE_CHECKING:
    from scope.rtc.peer import Peer
    from scope.sessions.session import Session

MOST_LATE = 32


@dataclass(frozen=True, slots=True)
class Join:
    """A peer that wants to watch. controls, fate, permit: see `Viewer`."""

    sdp: str
    peer: Callable[[Session], Peer]
    controls: bool
    fate: Callable[[bool], None]
    codec: Codec | None = None
    permit: Permit = field(default_factory=Permit)


class Viewer:
    """controls: changes parameters now. fate: called with True once connected, or with False
    if it never does. permit: what it may do.
    """

    def __init__(
        self,
        peer: Peer,
        *,
        controls: bool,
        fate: Callable[[bool], None],
        permit: Permit | None = None,
    ) -> None:
        self.peer = peer
        self.controls = controls
        self.permit = permit or Permit()
        self.connected = False
        self.silent_since_s: float | None = None
        self._fate = fate
        self._late: list[ErrorNotice] = []
        self._ended = False

    def is_connected(self) -> None:
        """The peer's media flows."""
        self.connected = True
        self._fate(True)

    def is_gone(self) -> None:
        """The peer is closed."""
        self._ended = True
        self._fate(False)

    def tell(self, notice: Notice) -> None:
        """Send `notice` if there is a channel; a complaint waits for one."""
        if self._ended:
            return
        told = self.peer.notify(notice.to_json(), droppable=isinstance(notice, Stats))
        if not told and isinstance(notice, ErrorNotice) and len(self._late) < MOST_LATE:
            self._late.append(notice)

    def can_hear(self) -> None:
        """There is a channel now."""
        late, self._late = self._late, []
        for notice in late:
            self.tell(notice)

    async def end(self, ending: Ending) -> None:
        """Say good-bye and close; the first call says it. The owner's wish is only the owner's."""
        why = DELETED_BY_OWNER if ending is WISHED and not self.controls else ending
        farewell = None if self._ended else why.notice().to_json()
        self._ended = True
        await self.peer.close(farewell)

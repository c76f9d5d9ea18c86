"""One peer of a session, with what the session knows about it.

Decides that a viewer hears of the end exactly once, and nothing after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scope.protocol.notices import Notice, Stats
from scope.sessions.ending import Ending

if TYPE_CHECKING:
    from scope.rtc.peer import Peer


class Viewer:
    """controls: may change parameters. fate: called with True once connected, or with False
    if it never does.
    """

    def __init__(self, peer: Peer, *, controls: bool, fate: Callable[[bool], None]) -> None:
        self.peer = peer
        self.controls = controls
        self.connected = False
        self._fate = fate
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
        """Send `notice` if there is a channel."""
        if not self._ended:
            self.peer.notify(notice.to_json(), droppable=isinstance(notice, Stats))

    async def end(self, ending: Ending) -> None:
        """Say good-bye and close; the first call says it."""
        farewell = None if self._ended else ending.notice().to_json()
        self._ended = True
        await self.peer.close(farewell)

"""Gives back the memory of ended connections, soon and in small portions.

A connection that ended is a cycle of some thousand objects around the buffers of its codecs
and of its encryption. Left to themselves they wait for one another until the collector pauses
for all of them at once, and the holes they leave are never returned. It does not know what a
connection is, only that one more was made and how many there are.
"""

import asyncio
import ctypes
import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from scope.rtc.api import PeerEvents
from scope.sessions.table import PeerMaker

if TYPE_CHECKING:
    from scope.rtc.peer import Peer

EVERY_S = 5.0


class Tidying:
    """Looks now and then whether peers have ended. living: how many there are."""

    def __init__(self, *, living: Callable[[], int]) -> None:
        self._living = living
        self._made = 0
        self._tidied = 0
        self._trim = returner()

    def counting(self, make: PeerMaker) -> PeerMaker:
        """`make`, its peers counted."""

        def make_and_count(peer_id: str, events: PeerEvents, client_is_loopback: bool) -> "Peer":
            self._made += 1
            return make(peer_id, events, client_is_loopback)

        return make_and_count

    async def run(self) -> None:
        """Tidy up until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.look()

    async def look(self) -> bool:
        """Tidy up if peers have ended since the last time; whether that was so."""
        ended = self._made - self._living()
        if ended == self._tidied:
            return False
        self._tidied = ended
        gc.collect()  # on this thread: what it ends belongs to the event loop
        await asyncio.to_thread(self._trim)
        return True


def returner() -> Callable[[], None]:
    """What gives free memory back to the system, where the C library has to be told."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is None:
        return lambda: None
    return lambda: trim(0)

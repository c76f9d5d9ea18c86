"""Sessions whose last peer vanished: kept for a while, and nothing is made for them.

Decides how many are kept, for how long, and how many bytes of them: the state of a stream
moves out of the worker where it is small enough, and stays there untouched where it is not.
Knows nothing of tokens or offers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scope.clock import Clock
from scope.errors import ScopeError, SessionGone
from scope.sessions.ending import CROWDED_OUT, KEPT_TOO_LONG, Ending
from scope.sessions.tasks import OwnedTasks

if TYPE_CHECKING:
    from scope.sessions.session import Session

Keep = Callable[["Session", float], bool]
"""Keep a session whose owner vanished at that time; False: it can not be kept."""


@dataclass(frozen=True, slots=True)
class ParkingLimits:
    """keep_s: from when the last peer fell silent. max_bytes: of all parked states."""

    max_sessions: int = 8
    keep_s: float = 60.0
    max_bytes: int = 256 * 2**20


@dataclass(slots=True)
class _Place:
    """stowing: done once the state is where it stays. until_s: when it is given up."""

    session: Session
    until_s: float
    stowing: asyncio.Task[None]
    timer: asyncio.TimerHandle | None = None
    size_bytes: int = 0


class Parking:
    """Places by session id, the oldest first."""

    def __init__(self, *, limits: ParkingLimits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._places: dict[str, _Place] = {}
        self._tasks = OwnedTasks()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, session: Session) -> bool:
        return session.id in self._places

    def take(self, session: Session, vanished_s: float) -> bool:
        """Keep `session`, whose last peer vanished then; False when nothing is kept here."""
        if self._limits.max_sessions == 0 or session.is_over:
            return False
        while len(self._places) >= self._limits.max_sessions:
            oldest = next(iter(self._places.values())).session
            self.forget(oldest)
            oldest.end(CROWDED_OUT)
        session.park(True)
        stowing = self._tasks.start(self._stow(session), name=f"park {session.id}")
        place = _Place(session, vanished_s + self._limits.keep_s, stowing)
        self._places[session.id] = place
        self._wait_for_end(place)
        return True

    async def bring_back(self, session: Session) -> None:
        """Make `session` live again. Raises AtCapacity, PipelineNotLoaded, WorkerLost, and
        SessionGone when it is over; it stays parked where it can be tried again.
        """
        place = self._places.get(session.id)
        if place is None or place.timer is None:
            raise SessionGone("The session is being taken up by somebody else.")
        place.timer.cancel()
        place.timer = None
        try:
            await asyncio.wait({place.stowing})
            await session.handle.resume()
        except BaseException:
            self._wait_for_end(place)
            raise
        if session.is_over:
            raise SessionGone("The session has just ended.")
        session.park(False)
        del self._places[session.id]

    def forget(self, session: Session) -> None:
        """The session is over."""
        place = self._places.pop(session.id, None)
        if place is not None and place.timer is not None:
            place.timer.cancel()

    def end_all(self, ending: Ending) -> None:
        """Keep nobody any longer."""
        for place in tuple(self._places.values()):
            self.forget(place.session)
            place.session.end(ending)

    async def aclose(self) -> None:
        """Leave no work behind."""
        await self._tasks.aclose()

    def _wait_for_end(self, place: _Place) -> None:
        delay_s = max(0.0, place.until_s - self._clock.now())
        loop = asyncio.get_running_loop()
        place.timer = loop.call_later(delay_s, self._expire, place.session)

    def _expire(self, session: Session) -> None:
        self.forget(session)
        session.end(KEPT_TOO_LONG)

    async def _stow(self, session: Session) -> None:
        """Move the state out of the worker. Where that fails, the stream tells why it ended."""
        room = self._limits.max_bytes - sum(place.size_bytes for place in self._places.values())
        try:
            size_bytes = await session.handle.park(max_bytes=max(0, room))
        except ScopeError:
            return
        if place := self._places.get(session.id):
            place.size_bytes = size_bytes

"""What every session is looked after for once a second: figures are told, and who is no longer
welcome is shown out.

Decides that nothing that goes wrong with one of them ends this for the others.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from scope.clock import Clock
from scope.sessions import telling
from scope.sessions.ending import NO_LONGER_WELCOME
from scope.sessions.session import Session
from scope.sessions.tasks import OwnedTasks

EVERY_S = 1.0

log = structlog.get_logger("scope.sessions")


async def go_round(sessions: Callable[[], Iterable[Session]], *, clock: Clock) -> None:
    """Until it is cancelled."""
    leaving = OwnedTasks()
    try:
        while True:
            await asyncio.sleep(EVERY_S)
            for session in sessions():
                try:
                    look_after(session, now_s=clock.now(), leaving=leaving)
                except Exception as error:  # whatever it is, revoked keys must go on being seen
                    log.error("session_not_looked_after", session_id=session.id, exc_info=error)
    finally:
        await leaving.aclose()


def look_after(session: Session, *, now_s: float, leaving: OwnedTasks) -> None:
    """One look. leaving: owns the goodbyes that begin here."""
    for viewer in session.audience.unwelcome():
        leaving.start(viewer.end(NO_LONGER_WELCOME), name="no longer welcome")
    telling.tell_stats(session, now_s=now_s)

"""A session as a slow series of JPEGs, for whatever can not speak WebRTC.

Decides the rate and that a picture is made once, and not at all while nothing moves. It asks
the engine for nothing: it shows what is shown anyway.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from scope.errors import AtCapacity
from scope.frames import Frame
from scope.media import still
from scope.sessions.session import Session

RETRY_AFTER_S = 5.0
AGAIN_AFTER_S = 5.0
"""A picture that stands still is sent again this often, so that no one in between gives up."""


class Previews:
    """Those that are being watched; each costs a JPEG per picture, so there are only so many."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._watched = 0

    def check(self) -> None:
        """Raises AtCapacity when no more may be watched now."""
        if self._watched >= self._most:
            raise AtCapacity(f"All {self._most} previews are taken.", retry_after_s=RETRY_AFTER_S)

    async def watch(
        self, session: Session, *, fps: float, quality: int
    ) -> AsyncGenerator[bytes, None]:
        """JPEGs until the session ends; closing it gives the place back. Raises AtCapacity."""
        self.check()
        self._watched += 1
        try:
            async with aclosing(pictures(session, fps=fps, quality=quality)) as stream:
                async for picture in stream:
                    yield picture
        finally:
            self._watched -= 1


async def pictures(session: Session, *, fps: float, quality: int) -> AsyncGenerator[bytes, None]:
    """JPEGs until the session ends."""
    shown: Frame | None = None
    idle_s, period_s = AGAIN_AFTER_S, 1 / fps
    while not session.over.is_set():
        newest = session.player.last_frame
        if newest is not None and (newest is not shown or idle_s >= AGAIN_AFTER_S):
            shown, idle_s = newest, 0.0
            yield await asyncio.to_thread(still.jpeg, newest.pixels, quality)
        await _at_most(period_s, session.over)
        idle_s += period_s


async def _at_most(seconds: float, event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return

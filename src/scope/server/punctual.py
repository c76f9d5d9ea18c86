"""HTTP connections that must get to the point: a request's head arrives in time or not at all.

uvicorn bounds the size of a head (with h11) but not its time. The body's time is bounded by
`body_limit.py`.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

CHECK_EVERY_S = 7.5
REST_AT_MOST_S = 60.0


class PunctualH11(H11Protocol):
    """Closes a connection that is found twice in a row without a request under way, and cuts one
    that is closed and whose other end does not take the rest.
    """

    check_every_s = CHECK_EVERY_S
    rest_at_most_s = REST_AT_MOST_S
    _check: asyncio.TimerHandle | None = None
    _seen: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The clock starts."""
        super().connection_made(transport)
        self._seen = self  # no cycle yet: the first look only notes what it finds
        self._check = self.loop.call_later(self.check_every_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The clock stops."""
        if self._check is not None:
            self._check.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        if self.transport.is_closing():
            self._check = self.loop.call_later(self.rest_at_most_s, self.transport.abort)
            return
        busy = self.cycle is not None and not self.cycle.response_complete
        resting = self.timeout_keep_alive_task is not None  # uvicorn's own timer runs
        if not busy and not resting and self._seen is self.cycle:
            self.transport.close()
        self._seen = self.cycle
        self._check = self.loop.call_later(self.check_every_s, self._look)

"""How large a request body may be and how long it may take, enforced while it streams in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scope.errors import TooLarge
from scope.server.problems import BodyTooSlow, problem


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """max_bytes: of a body. timeout_s: for all of it. larger: path prefix → max_bytes."""

    max_bytes: int
    timeout_s: float
    larger: Mapping[str, int] = field(default_factory=dict)

    def max_bytes_at(self, path: str) -> int:
        """The limit for a request to `path`."""
        return max(
            (limit for prefix, limit in self.larger.items() if path.startswith(prefix)),
            default=self.max_bytes,
        )


class BodyLimit:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp, *, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a bounded `receive`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes = self._limits.max_bytes_at(scope["path"])
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > max_bytes:
            await problem(_too_large(max_bytes))(scope, receive, send)
            return
        await self._app(scope, self._bounded(receive, max_bytes), send)

    def _bounded(self, receive: Receive, max_bytes: int) -> Receive:
        taken = 0
        complete = False
        deadline_s = asyncio.get_running_loop().time() + self._limits.timeout_s

        async def bounded() -> Message:
            nonlocal taken, complete
            if complete:  # from here on this only waits for the client to go away
                return await receive()
            try:
                async with asyncio.timeout_at(deadline_s):
                    message = await receive()
            except TimeoutError:
                raise BodyTooSlow("The body took too long to arrive.") from None
            taken += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if taken > max_bytes:
                raise _too_large(max_bytes)
            return message

        return bounded


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"The body is over the limit of {max_bytes} bytes.")

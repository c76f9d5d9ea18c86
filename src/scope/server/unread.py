"""Answers that end when nobody reads them, so that a reader who stands still holds nothing.

Decides how long one piece may wait for its reader, and that an answer nobody is to have any more
waits no longer. uvicorn's `send` would wait for ever. Where the answer breaks off, uvicorn closes
the connection.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping

import structlog
from fastapi.responses import FileResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

PIECE_AT_MOST_S = 15.0
BLOCK_AT_MOST_S = 60.0
"""Of a file. The system's own buffers let a slow reader's connection rest for longer than one
would think: they ask for more only when a third of some megabytes is gone."""
LOOK_EVERY_S = 1.0

log = structlog.get_logger("scope.server")


class Unread(Exception):
    """The reader takes nothing, or is to have nothing more."""


def in_time(send: Send, *, at_most_s: float, wanted: Callable[[], bool] = lambda: True) -> Send:
    """`send` that raises Unread: after `at_most_s`, or when it has to wait for the reader of an
    answer that is no longer wanted.
    """
    clock = asyncio.get_running_loop().time

    async def sent(message: Message) -> None:
        sending = asyncio.ensure_future(send(message))
        ends_s = clock() + at_most_s
        try:
            while not (await asyncio.wait({sending}, timeout=min(LOOK_EVERY_S, at_most_s)))[0]:
                if clock() >= ends_s or not wanted():
                    raise Unread
            await sending
        finally:
            sending.cancel()

    return sent


class LiveAnswer(StreamingResponse):
    """pieces: closed at the end, however it comes. wanted: whether they still are."""

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        *,
        wanted: Callable[[], bool],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._pieces = pieces
        self._wanted = wanted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until nobody reads."""
        try:
            await super().__call__(
                scope, receive, in_time(send, at_most_s=PIECE_AT_MOST_S, wanted=self._wanted)
            )
        except Unread:
            log.info("answer_unread", path=scope["path"])
        finally:
            await self._pieces.aclose()


class FileAnswer(FileResponse):
    """A file, which its reader takes at some pace."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until nobody reads."""
        try:
            await super().__call__(scope, receive, in_time(send, at_most_s=BLOCK_AT_MOST_S))
        except Unread:
            log.info("answer_unread", path=scope["path"])

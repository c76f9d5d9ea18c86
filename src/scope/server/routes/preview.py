"""Pictures of a session as one endless multipart answer, which any browser shows in an <img>."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from scope.keys.access import Access
from scope.server.access import GuardedRoute, caller_of, policy
from scope.server.services import Use, permit_of
from scope.server.unread import LiveAnswer

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/session", tags=["session"])

BOUNDARY = "picture"


@router.get("/preview.mjpg", response_class=StreamingResponse)
@policy(Access.VIEW)
async def preview(
    request: Request,
    use: Use,
    session_id: Annotated[str | None, Query(max_length=128)] = None,
    fps: Annotated[float, Query(ge=0.1, le=15)] = 5,
    quality: Annotated[int, Query(ge=1, le=100)] = 75,
) -> StreamingResponse:
    """JPEGs of one session or the oldest, until it ends, the caller goes, stops reading or its
    key is revoked.
    """
    session = use.table.some(session_id)
    use.previews.check()
    welcome = permit_of(use, caller_of(request)).good
    return LiveAnswer(
        _parts(use.previews.watch(session, fps=fps, quality=quality), welcome=welcome),
        wanted=lambda: welcome() and not session.over.is_set(),
        media_type=f"multipart/x-mixed-replace; boundary={BOUNDARY}",
        headers={"Cache-Control": "no-store"},
    )


async def _parts(
    pictures: AsyncGenerator[bytes, None], *, welcome: Callable[[], bool]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(pictures):
        async for jpeg in pictures:
            if not welcome():
                break
            head = (
                f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            )
            yield head.encode() + jpeg + b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()

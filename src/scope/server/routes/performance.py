"""Performances: what was played, and playing without a peer.

A timeline may be megabytes long, so it is read and written on a thread.
"""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from scope.errors import Forbidden
from scope.keys.access import Access
from scope.protocol.performance import (
    StartSessionRequest,
    StartSessionResponse,
    StopSessionRequest,
    StopSessionResponse,
)
from scope.protocol.timeline import Timeline, timeline_of
from scope.server.access import GuardedRoute, policy
from scope.server.services import Use
from scope.sessions.ending import DELETED_BY_OWNER
from scope.sessions.score import differences

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/session", tags=["session"])


@router.get("/timeline", response_model=Timeline, response_model_exclude_none=True)
@policy(Access.CONTROL)
async def timeline(
    use: Use, session_id: Annotated[str | None, Query(max_length=128)] = None
) -> Response:
    """The performance of one session, also of one that has just ended, or of the oldest."""
    played = use.table.timeline(session_id)
    text = await asyncio.to_thread(partial(played.model_dump_json, exclude_none=True))
    return Response(text, media_type="application/json")


@router.post("/start", response_model_exclude_none=True)
@policy(Access.CONTROL)
async def start(use: Use, body: StartSessionRequest | None = None) -> StartSessionResponse:
    """Play from parameters or a timeline without a peer, until it is stopped."""
    wish = body or StartSessionRequest()
    wanted = Timeline()
    if wish.timeline is not None:
        wanted = await asyncio.to_thread(timeline_of, wish.timeline)
    use.table.check_capacity()
    await use.desk.started(at_most_s=use.settings.startup_wait_s)
    named = wish.pipeline_id or (wanted.pipeline.id if wanted.pipeline else None)
    session, score = await use.table.play(
        wanted, wish.first_parameters(), named=None if named is None else (named,)
    )
    handle = session.handle
    ignored = [f"{key} is not a parameter here; it was ignored." for key in score.ignored]
    return StartSessionResponse(
        session_id=session.id,
        pipeline_id=handle.pipeline_id,
        seed=handle.seed,
        width=handle.format.width,
        height=handle.format.height,
        fps=handle.format.fps,
        frames=score.frames,
        warnings=[*ignored, *differences(wanted, here=session.timeline())],
    )


@router.post("/stop")
@policy(Access.CONTROL)
async def stop(use: Use, body: StopSessionRequest | None = None) -> StopSessionResponse:
    """End a session that was started here, or all of them; those of peers are left alone."""
    session_id = body.session_id if body else None
    if session_id is None:
        sessions = [session for session in use.table.sessions if session.headless]
    else:
        sessions = [use.table.find(session_id)]
        if not sessions[0].headless:
            raise Forbidden("This session belongs to a peer; DELETE its offer to end it.")
    for session in sessions:
        await use.table.close(session.id, DELETED_BY_OWNER)
    return StopSessionResponse(stopped=[session.id for session in sessions])

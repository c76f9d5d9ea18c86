"""Running sessions from outside: parameters, the newest picture, figures."""

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Response

from scope.errors import StateError
from scope.keys.access import Access
from scope.media import still
from scope.protocol.http import MetricsResponse, ParametersResponse
from scope.protocol.parameters import decode_object
from scope.server.access import GuardedRoute, policy
from scope.server.metrics import session_metrics
from scope.server.services import Services, Use
from scope.sessions.session import Session
from scope.sessions.updates import ignored

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/session", tags=["session"])
SessionId = Annotated[str | None, Query(max_length=128)]


@router.get("/parameters")
@policy(Access.VIEW)
async def parameters(use: Use, session_id: SessionId = None) -> ParametersResponse:
    """The parameters in force, of one session or the oldest."""
    return ParametersResponse(parameters=use.table.some(session_id).shown.parameters())


@router.post("/parameters")
@policy(Access.CONTROL)
async def change_parameters(
    use: Use, body: Annotated[dict[str, Any], Body()], session_id: SessionId = None
) -> ParametersResponse:
    """Change parameters of one session or of all; keys not given stay as they are."""
    sessions = _addressed(use, session_id)
    decoded = [decode_object(body, known=session.known) for session in sessions]
    for session, each in zip(sessions, decoded, strict=True):
        if each.update.changes:
            values = session.shown.values_of(session.known) | each.update.changes
            await use.engine.check_changes(session.handle.pipeline_id, values)
    for session, each in zip(sessions, decoded, strict=True):
        session.update(each)
    warnings = dict.fromkeys(why for each in decoded for why in ignored(each).values())
    return ParametersResponse(parameters=sessions[0].shown.parameters(), warnings=list(warnings))


@router.get("/frame", response_class=Response)
@policy(Access.VIEW)
async def frame(
    use: Use,
    session_id: SessionId = None,
    quality: Annotated[int, Query(ge=1, le=100)] = 85,
    form: Annotated[Literal["jpeg", "png"], Query(alias="format")] = "jpeg",
) -> Response:
    """The newest picture; as PNG with prompt and seed inside."""
    session = use.table.some(session_id)
    newest = session.player.last_frame
    if newest is None:
        raise StateError("No picture was shown yet.", retry_after_s=1)
    if form == "png":
        data = await asyncio.to_thread(still.png, newest.pixels, _inscription(session))
    else:
        data = await asyncio.to_thread(still.jpeg, newest.pixels, quality)
    return Response(data, media_type=f"image/{form}")


@router.get("/metrics")
@policy(Access.VIEW)
async def metrics(use: Use, session_id: SessionId = None) -> MetricsResponse:
    """Figures of one session or of all."""
    if session_id is None:
        return MetricsResponse(sessions=use.metrics.by_session())
    session = use.table.find(session_id)
    return MetricsResponse(sessions={session_id: session_metrics(session, clock=use.clock)})


def _addressed(use: Services, session_id: str | None) -> tuple[Session, ...]:
    if session_id is not None:
        return (use.table.find(session_id),)
    return use.table.sessions or (use.table.some(None),)


def _inscription(session: Session) -> dict[str, str]:
    shown = session.shown
    return {
        "prompt": shown.prompts.heaviest(),
        "seed": str(shown.values.get("seed", session.handle.seed)),
        "pipeline": session.handle.pipeline_id,
        "parameters": json.dumps(shown.parameters(), ensure_ascii=False),
    }

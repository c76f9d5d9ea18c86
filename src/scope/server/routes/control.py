"""Control of a session changes hands: by an explicit act, told to everybody."""

from fastapi import APIRouter, Request

from scope.errors import SessionNotFound
from scope.keys.access import Access
from scope.protocol.control import TakeControlRequest, TakeControlResponse
from scope.server.access import GuardedRoute, caller_of, policy
from scope.server.services import Use

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/session", tags=["session"])


@router.post("/control")
@policy(Access.CONTROL)
async def take_control(body: TakeControlRequest, request: Request, use: Use) -> TakeControlResponse:
    """A peer of the caller controls its session from now on; who did so far watches."""
    session, peer = use.table.find_peer(body.peer_id)
    viewer = session.audience.get(peer.id)
    if viewer is None or viewer.permit.owner != caller_of(request).owner:
        raise SessionNotFound("There is no peer of that id.")
    if not viewer.controls:
        use.table.returns.pass_to(session, viewer)
    return TakeControlResponse(session_id=session.id, peer_id=peer.id)

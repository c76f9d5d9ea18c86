"""WHEP: a standard player watches a running session, or starts one when none runs.

HTTP as RFC 9725 has it for the other direction: the answer is 201 with a resource, candidates
come by PATCH as SDP fragments. ICE restarts are not supported, so that a resource has one ICE
session all its life and its ETag says nothing new: a player may name it, and many do not.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response

from scope.errors import InvalidParameters, NegotiationFailed, SessionNotFound
from scope.keys.access import Access
from scope.protocol.http import IceServer
from scope.server.access import GuardedRoute, caller_of, policy
from scope.server.origins import is_loopback_address
from scope.server.problems import PreconditionFailed
from scope.server.routes.webrtc import counted_offer
from scope.server.sdp_fragment import read_fragment
from scope.server.services import Services, Use, client_address, permit_of
from scope.sessions.ending import WISHED
from scope.sessions.offers import Answer, Offer
from scope.sessions.viewer import Viewer

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"

router = APIRouter(route_class=GuardedRoute, tags=["whep"])


def _body(media_type: str) -> dict[str, object]:
    schema = {"type": "string"}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


@router.post("/whep", status_code=201, response_class=Response, openapi_extra=_body(SDP))
@policy(Access.VIEW, accepts=SDP)
async def watch(
    request: Request, use: Use, session_id: Annotated[str | None, Query(max_length=128)] = None
) -> Response:
    """Answer a player's offer: `session_id`, else the oldest session, else a new one."""
    body = await request.body()
    try:
        sdp = body.decode()
    except UnicodeDecodeError:
        raise NegotiationFailed("The offer is not text.") from None
    async with counted_offer(use, request) as ticket:
        offer = Offer(
            sdp=sdp,
            fate=lambda connected: ticket.finish(failed=not connected),
            from_loopback=is_loopback_address(client_address(request)),
            controls=False,
            codec=use.settings.codec,
            permit=permit_of(use, caller_of(request)),
        )
        may_start = caller_of(request).access >= Access.CONTROL
        answer = await _join_or_start(use, offer, session_id, may_start=may_start)
    headers = {
        "Location": f"/whep/{answer.peer.id}",
        "ETag": _etag(answer.peer.id),
        "Accept-Patch": FRAGMENT,
    }
    response = Response(answer.sdp, status_code=201, media_type=SDP, headers=headers)
    for link in _links(use.ice.last_known):
        response.headers.append("Link", link)
    return response


@router.options("/whep", status_code=204, response_class=Response)
@policy(Access.VIEW)
async def options(use: Use) -> Response:
    """What can be posted here, and through which ICE servers."""
    response = Response(status_code=204, headers={"Accept-Post": SDP})
    for link in _links(await use.ice.current()):
        response.headers.append("Link", link)
    return response


@router.patch(
    "/whep/{peer_id}", status_code=204, response_class=Response, openapi_extra=_body(FRAGMENT)
)
@policy(Access.VIEW, accepts=FRAGMENT)
async def trickle(
    request: Request,
    peer_id: str,
    use: Use,
    if_match: Annotated[str | None, Header(max_length=256)] = None,
) -> None:
    """Trickle candidates of the player."""
    peer = _own(use, request, peer_id).peer
    named = _etag(peer_id) if if_match is None else if_match.strip()
    if named == "*":
        raise InvalidParameters("ICE restarts are not supported; send a new offer.")
    if named != _etag(peer_id):
        raise PreconditionFailed("That is not the ETag of this resource.")
    try:
        fragment = read_fragment((await request.body()).decode())
    except UnicodeDecodeError:
        raise InvalidParameters("The fragment is not text.") from None
    peer.add_candidates(fragment)


@router.delete("/whep/{peer_id}", response_class=Response)
@policy(Access.VIEW)
async def leave(peer_id: str, request: Request, use: Use) -> None:
    """The player is done; the session goes on while somebody else watches."""
    await _own(use, request, peer_id).end(WISHED)


def _own(use: Services, request: Request, peer_id: str) -> Viewer:
    """The caller's own player; somebody else's looks as if there was none."""
    session, _ = use.table.find_peer(peer_id)
    viewer = session.audience.get(peer_id)
    if viewer is None or viewer.permit.owner != caller_of(request).owner:
        raise SessionNotFound("There is no peer of that id.")
    return viewer


async def _join_or_start(
    use: Services, offer: Offer, session_id: str | None, *, may_start: bool
) -> Answer:
    if session_id is not None:
        return await use.table.join(use.table.find(session_id), offer)
    if sessions := use.table.sessions:
        return await use.table.join(sessions[0], offer)
    if not may_start:
        raise SessionNotFound("No session is running, and this key may not start one.")
    use.table.check_capacity()
    await use.desk.started(at_most_s=use.settings.startup_wait_s)
    return await use.table.offer(offer)


def _etag(peer_id: str) -> str:
    return f'"{peer_id}"'


def _links(servers: list[IceServer]) -> list[str]:
    found = []
    for server in servers:
        urls = [server.urls] if isinstance(server.urls, str) else server.urls
        secret = ""
        if server.username is not None and server.credential is not None:
            secret = (
                f"; username={_quoted(server.username)}; credential={_quoted(server.credential)}"
                '; credential-type="password"'
            )
        found += [f'<{url}>; rel="ice-server"{secret}' for url in urls]
    return found


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

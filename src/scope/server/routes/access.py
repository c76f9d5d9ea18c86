"""Pages come in with a key or a link, and go; links to watch are made."""

from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from scope.errors import Forbidden
from scope.keys.access import Access
from scope.protocol.access import AccessResponse, EnterRequest, ShareRequest, ShareResponse
from scope.server.access import GuardedRoute, caller_of, policy
from scope.server.page_cookie import from_our_page, pass_of, set_cookie
from scope.server.services import Use, client_address

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/access", tags=["access"])


@router.post("/session")
@policy(Access.PUBLIC)
async def enter(
    body: EnterRequest, request: Request, response: Response, use: Use
) -> AccessResponse:
    """Exchange a key, or what a link carries, for a cookie only this server's pages use."""
    if "origin" in request.headers and not from_our_page(request.headers, method="POST"):
        raise Forbidden("Only pages of this server come in by a cookie; send the key itself.")
    if not use.door.locked:
        return AccessResponse(locked=False, access="admin")
    page_pass, caller, lasts_s = await use.door.admit(body.key, address=client_address(request))
    response.headers["Set-Cookie"] = set_cookie(request.headers, page_pass, max_age_s=lasts_s)
    if former := pass_of(request.headers, method="POST"):
        await use.door.dismiss(former)
    return AccessResponse(
        locked=True, access=caller.access.word, label=caller.label, expires_s=lasts_s
    )


@router.get("/session")
@policy(Access.PUBLIC)
async def who(request: Request, use: Use) -> AccessResponse:
    """What the caller may do here."""
    caller = caller_of(request)
    return AccessResponse(locked=use.door.locked, access=caller.access.word, label=caller.label)


@router.delete("/session", status_code=204, response_class=Response)
@policy(Access.PUBLIC)
async def leave(request: Request, use: Use) -> Response:
    """The page goes: its cookie opens nothing any more."""
    answer = Response(status_code=204)
    if page_pass := pass_of(request.headers, method="DELETE"):
        await use.door.dismiss(page_pass)
        answer.headers["Set-Cookie"] = set_cookie(request.headers, "", max_age_s=0)
    return answer


@router.post("/share", response_model_exclude_none=True)
@policy(Access.CONTROL)
async def share(body: ShareRequest, request: Request, use: Use) -> ShareResponse:
    """A link to /output for somebody without a key: to watch, and nothing else, for a while."""
    query = f"?session_id={quote(body.session_id, safe='')}" if body.session_id else ""
    secret = await use.door.share(caller_of(request), lifetime_s=body.expires_s, uses=body.uses)
    if secret is None:
        return ShareResponse(path=f"/output{query}")
    return ShareResponse(
        path=f"/output{query}#key={secret}", expires_s=body.expires_s, uses=body.uses
    )

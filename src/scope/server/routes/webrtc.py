"""Signalling as the Scope API has it: ICE servers, offer, candidates, goodbye."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Request, Response

from scope.errors import NegotiationFailed, RequestError, ScopeError, SessionNotFound
from scope.keys.access import Access
from scope.protocol.http import IceServersResponse
from scope.protocol.signaling import AnswerResponse, CandidatesRequest, OfferRequest
from scope.rtc.api import Candidate
from scope.server.access import GuardedRoute, caller_of, policy
from scope.server.offer_limits import OfferTicket
from scope.server.origins import is_loopback_address, is_loopback_name
from scope.server.services import Services, Use, client_address, permit_of
from scope.sessions.offers import Offer

ICE_WAIT_S = 1.0
"""What an offer waits for fresh credentials of a relay."""

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/webrtc", tags=["webrtc"])


@router.get("/ice-servers", response_model_exclude_none=True)
@policy(Access.VIEW)
async def ice_servers(use: Use) -> IceServersResponse:
    """STUN and TURN servers with fresh credentials."""
    return IceServersResponse(ice_servers=await use.ice.current())


@router.post("/offer", response_model_exclude_none=True)
@policy(Access.CONTROL)
async def offer(body: OfferRequest, request: Request, use: Use) -> AnswerResponse:
    """Open a session, or go on with the one that `resume` names; the answer carries video."""
    async with counted_offer(use, request) as ticket:
        if body.type != "offer":
            raise NegotiationFailed("The description must be of the type 'offer'.", field="type")
        resume = (body.resume.session_id, body.resume.token) if body.resume else None
        if resume is None:
            use.table.check_capacity()
        await use.desk.started(at_most_s=use.settings.startup_wait_s)
        answer = await use.table.offer(
            Offer(
                sdp=body.sdp,
                fate=lambda connected: ticket.finish(failed=not connected),
                from_loopback=is_loopback_address(client_address(request)),
                parameters=body.initial_parameters or {},
                codec=use.settings.codec,
                resume=resume,
                permit=permit_of(use, caller_of(request)),
            )
        )
    session = answer.session
    return AnswerResponse(sdp=answer.sdp, session_id=session.id, resume_token=session.resume_token)


@router.patch("/offer/{session_id}", status_code=204, response_class=Response)
@policy(Access.CONTROL)
async def add_candidates(
    session_id: str, body: CandidatesRequest, request: Request, use: Use
) -> None:
    """Trickle candidates; each is judged alone, an empty or null one ends them."""
    session = use.table.find(session_id)
    viewer = session.audience.controller
    if viewer is None or viewer.permit.owner != caller_of(request).owner:
        raise SessionNotFound("The peer that made this offer is gone.")
    viewer.peer.add_candidates(
        [
            Candidate(None)
            if entry is None
            else Candidate(entry.candidate, entry.sdp_mid, entry.sdp_mline_index)
            for entry in body.candidates
        ]
    )


@router.delete("/offer/{session_id}", status_code=204, response_class=Response)
@policy(Access.CONTROL)
async def close(session_id: str, request: Request, use: Use) -> None:
    """End the session; its viewers hear `stream_stopped` first. Unknown ids are fine.

    Who has lost control only leaves: another caller's session goes on, unless an admin ends it.
    """
    caller = caller_of(request)
    admin = caller.access >= Access.ADMIN
    await use.table.leave(session_id, owner=caller.owner, may_end_any=admin)


@asynccontextmanager
async def counted_offer(use: Services, request: Request) -> AsyncIterator[OfferTicket]:
    """An offer under the limits of its address. One that raises has failed."""
    ticket = use.offers.begin(client_address(request))
    answered = False
    try:
        # Our side gathers through the same servers: a player that never asked for them, or
        # whose list is older than its credentials, would else get an answer without a relay.
        # Where only this machine can reach us, nobody gathers and nobody waits.
        local = is_loopback_name(use.settings.host)
        await use.ice.soon(at_most_s=0.0 if local else ICE_WAIT_S)
        yield ticket
        answered = True
    except ScopeError as error:
        # Our own lack of room or readiness is nobody's fault: only what the client got wrong
        # counts against it.
        ticket.finish(failed=isinstance(error, RequestError | NegotiationFailed))
        raise
    finally:
        if not answered:
            ticket.finish(failed=True)

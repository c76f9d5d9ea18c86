"""Clients that come back: who may, and to what.

Decides in which order a return is judged, that a token is spent only by one that succeeds,
and that a session left by an owner who vanished is kept. `tickets` knows the tokens,
`parking` the sessions that wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from scope.clock import Clock
from scope.engine.api import Engine
from scope.errors import PipelineNotLoaded, SessionGone
from scope.protocol.parameters import decode_object
from scope.sessions import telling
from scope.sessions.ending import OTHER_PIPELINE, Ending
from scope.sessions.parking import Parking, ParkingLimits
from scope.sessions.tickets import Tickets

if TYPE_CHECKING:
    from scope.sessions.offers import Answer, Offer
    from scope.sessions.session import Session
    from scope.sessions.viewer import Viewer


class Returns:
    """Of one session table."""

    def __init__(self, *, engine: Engine, limits: ParkingLimits, clock: Clock) -> None:
        self._engine = engine
        self._tickets = Tickets()
        self.parking = Parking(limits=limits, clock=clock)

    def may_return_to(self, session: Session) -> None:
        """Its owner gets a token; the session is kept when the owner vanishes."""
        session.resume_token = self._tickets.issue(session.id)
        session.keep = self.parking.take

    def pass_to(self, session: Session, viewer: Viewer) -> None:
        """`viewer` takes control and may come back; the token of who had it counts as used."""
        session.hand_over(viewer)
        self.may_return_to(session)
        telling.tell_control(session)

    def ended(self, session: Session, ending: Ending) -> None:
        """There is nothing to return to any more."""
        self.parking.forget(session)
        self._tickets.end(session.id, _why(ending))

    async def resume(
        self,
        session: Session | None,
        offer: Offer,
        *,
        admit: Callable[[], None],
        join: Callable[[Session, Offer], Awaitable[Answer]],
    ) -> Answer:
        """Go on with `session`, the one that `offer.resume` names, if there still is one.

        Raises SessionNotFound, TokenUsed, SessionGone, and what is wrong with the offer.
        """
        assert offer.resume is not None  # noqa: S101 - the caller has looked
        session_id, token = offer.resume
        self._tickets.check(session_id, token)
        if session is None or session.is_over:
            why = _why(session.ending) if session is not None else "It was closed."
            raise SessionGone(f"The session is over: {why}", reason=why)
        decoded = decode_object(offer.parameters, known=session.known)
        session.resume_token = self._tickets.issue(session_id)
        answer = None
        try:
            if session in self.parking:
                admit()
                await self._bring_back(session)
            answer = await join(session, offer)
        finally:
            if answer is None:
                self._tickets.take_back(session_id, token)
                session.resume_token = token
                session.look_after_peers()
        session.welcome(answer.peer, decoded, again=True)
        return answer

    async def _bring_back(self, session: Session) -> None:
        try:
            await self.parking.bring_back(session)
        except PipelineNotLoaded as error:
            if self._engine.status().state != "loaded":
                raise
            session.end(OTHER_PIPELINE)
            raise SessionGone(
                "The session is over: another pipeline is loaded.", reason=error.detail
            ) from error


def _why(ending: Ending) -> str:
    return ending.message or "It was closed."

"""All sessions of this server: who may start one, how it is found, how all of them end.

Decides capacity, the order of the checks an offer goes through, and the drain. It does not
know HTTP; whoever asks is told by the error tree.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scope.clock import Clock
from scope.control import ControlUpdate
from scope.engine.api import Engine, OpenRequest, StreamHandle
from scope.errors import AtCapacity, Draining, SessionNotFound
from scope.events import EngineStatus
from scope.media.encoder import EncoderPool
from scope.pipelines.contract import PipelineSpec
from scope.protocol.notices import Draining as DrainingNotice
from scope.protocol.parameters import DecodedParameters, decode_object
from scope.protocol.timeline import Timeline
from scope.rtc.api import PeerEvents, SdpLimits
from scope.rtc.guard import check_size, guard_sdp
from scope.sessions.ending import NEGOTIATION_FAILED, SHUT_DOWN, WISHED, Ending
from scope.sessions.judging import judged
from scope.sessions.offers import Answer, Offer
from scope.sessions.parking import ParkingLimits
from scope.sessions.readiness import Readiness
from scope.sessions.returning import Returns
from scope.sessions.rounds import go_round
from scope.sessions.score import Score, default_prompt, known_keys
from scope.sessions.session import Session
from scope.sessions.shown import Shown
from scope.sessions.tasks import OwnedTasks
from scope.sessions.timeline import EventLog
from scope.sessions.viewer import Join

if TYPE_CHECKING:
    from scope.rtc.peer import Peer

RETRY_AFTER_S = 5.0
PAST_KEPT = 8  # performances that can be fetched after their sessions have ended

PeerMaker = Callable[[str, PeerEvents, bool], "Peer"]
"""A new peer of that id, telling its events; whether its client is on loopback."""


@dataclass(frozen=True, slots=True)
class TableLimits:
    """How many sessions, how many peers in each, and what an offer may weigh."""

    max_sessions: int = 16
    max_peers: int = 16
    parking: ParkingLimits = field(default_factory=ParkingLimits)
    sdp: SdpLimits = field(default_factory=SdpLimits)


class SessionTable:
    """See the module."""

    def __init__(
        self,
        *,
        engine: Engine,
        peers: PeerMaker,
        pool: EncoderPool,
        clock: Clock,
        limits: TableLimits,
        resolve: Callable[[str], str] = lambda name: name,
        status: Callable[[], EngineStatus] | None = None,
        made_with: str | None = None,
    ) -> None:
        self._engine = engine
        self._peers = peers
        self._pool = pool
        self._clock = clock
        self._limits = limits
        self._ready = Readiness(engine, resolve=resolve, status=status)
        self._made_with = made_with
        self._sessions: dict[str, Session] = {}
        self._past: deque[tuple[str, Timeline]] = deque(maxlen=PAST_KEPT)
        self._opening = 0
        self.returns = Returns(engine=engine, limits=limits.parking, clock=clock)
        self._tasks = OwnedTasks()
        self._background = OwnedTasks()
        self._empty = asyncio.Event()
        self._empty.set()
        self.draining = False
        self.record: Callable[[Session, bool], None] | None = None

    def start(self) -> None:
        """Begin to look after every session once a second."""
        rounds = go_round(lambda: self.sessions, clock=self._clock)
        self._background.start(rounds, name="session rounds")

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Live sessions, the oldest first; parked ones are not among them."""
        return tuple(s for s in self._sessions.values() if not s.is_over and not s.parked)

    def find(self, session_id: str) -> Session:
        """The live session of that id. Raises SessionNotFound."""
        session = self._sessions.get(session_id)
        if session is None or session.is_over or session.parked:
            raise SessionNotFound("There is no session of that id.")
        return session

    def some(self, session_id: str | None) -> Session:
        """That session, or the oldest one without an id. Raises SessionNotFound."""
        if session_id is not None:
            return self.find(session_id)
        if not (sessions := self.sessions):
            raise SessionNotFound("No session is running.")
        return sessions[0]

    def timeline(self, session_id: str | None) -> Timeline:
        """The performance of that session, also of one that ended not long ago, or of the
        oldest that runs. Raises SessionNotFound.
        """
        if session_id is None:
            return self.some(None).timeline()
        if (session := self._sessions.get(session_id)) is not None:
            return session.timeline()
        if (ended := dict(self._past).get(session_id)) is not None:
            return ended
        raise SessionNotFound("There is no session of that id.")

    def find_peer(self, peer_id: str) -> tuple[Session, Peer]:
        """The live session a peer watches, and the peer. Raises SessionNotFound."""
        for session in self.sessions:
            if viewer := session.audience.get(peer_id):
                return session, viewer.peer
        raise SessionNotFound("There is no peer of that id.")

    # Starting.

    async def offer(self, offer: Offer) -> Answer:
        """A new session with its first peer, or one that is gone on with. Raises what is wrong
        with the offer.
        """
        check_size(offer.sdp, self._limits.sdp)
        if offer.resume is not None:
            guard_sdp(offer.sdp, self._limits.sdp)
            session = self._sessions.get(offer.resume[0])
            return await self.returns.resume(
                session, offer, admit=self.check_capacity, join=self.join
            )
        self.check_capacity()
        spec = self._ready.loaded()
        known = known_keys(spec) if spec else frozenset[str]()
        decoded = decode_object(offer.parameters, known=known)
        spec = self._ready.require(decoded.pipeline_ids)
        guard_sdp(offer.sdp, self._limits.sdp)
        session = await self._begin(Score(decoded), spec=spec)
        answer = None
        try:
            answer = await self.join(session, offer)
        finally:
            if answer is None:
                session.end(NEGOTIATION_FAILED)
        if offer.controls:
            self.returns.may_return_to(session)
        session.welcome(answer.peer, decoded)
        return answer

    async def join(self, session: Session, offer: Offer) -> Answer:
        """Another peer for `session`. Raises what is wrong with the offer."""
        if self.draining:
            raise Draining("The server is shutting down.", retry_after_s=RETRY_AFTER_S)
        wish = Join(
            sdp=offer.sdp,
            peer=lambda events: self._peers(str(uuid.uuid4()), events, offer.from_loopback),
            controls=offer.controls,
            fate=offer.fate,
            codec=offer.codec,
            permit=offer.permit,
        )
        peer, sdp = await session.join(wish)
        return Answer(session, peer, sdp)

    async def play(
        self, timeline: Timeline, parameters: Mapping[str, Any], *, named: tuple[str, ...] | None
    ) -> tuple[Session, Score]:
        """A new session that needs no peer. Raises what is wrong with the wish.

        parameters win over the timeline's first ones; named: the pipelines it is meant for.
        """
        self.check_capacity()
        spec, score = await judged(
            timeline, parameters, engine=self._engine, ready=self._ready, named=named
        )
        self.check_capacity()  # others may have come meanwhile
        return await self._begin(score, spec=spec, headless=True), score

    async def _begin(self, score: Score, *, spec: PipelineSpec, headless: bool = False) -> Session:
        control = score.decoded.update.to_control(0, method="linear")
        initial = replace(control, seed=None, reset=False, apply_now=False)
        self._opening += 1
        try:
            handle = await self._engine.open(
                OpenRequest(
                    stream_id=str(uuid.uuid4()),
                    seed=score.seed if score.seed is not None else score.decoded.update.seed,
                    initial=initial,
                    script=score.script,
                )
            )
            session = self._enter(handle, spec=spec, decoded=score.decoded, initial=initial)
        finally:
            self._opening -= 1
        session.begin(score.decoded, headless=headless)
        return session

    def check_capacity(self) -> None:
        """Raises Draining or AtCapacity when no session may start now."""
        if self.draining:
            raise Draining("The server is shutting down.", retry_after_s=RETRY_AFTER_S)
        live = len(self._sessions) - len(self.returns.parking)
        if live + self._opening >= self._limits.max_sessions:
            raise AtCapacity(
                f"All {self._limits.max_sessions} sessions are taken.", retry_after_s=RETRY_AFTER_S
            )

    def _enter(
        self,
        handle: StreamHandle,
        *,
        spec: PipelineSpec,
        decoded: DecodedParameters,
        initial: ControlUpdate,
    ) -> Session:
        default = default_prompt(spec)
        session = Session(
            session_id=handle.id,
            handle=handle,
            known=known_keys(spec),
            shown=Shown(default, {"seed": handle.seed}).after(decoded.update),
            pool=self._pool,
            clock=self._clock,
            max_peers=self._limits.max_peers,
            log=EventLog(handle, initial=initial, default=default, made_with=self._made_with),
        )
        session.record = self.record
        self._sessions[session.id] = session
        self._empty.clear()
        self._tasks.start(self._live(session), name=f"session {session.id}")
        return session

    async def _live(self, session: Session) -> None:
        try:
            await session.run()
        finally:
            self.returns.ended(session, session.ending)
            del self._sessions[session.id]
            self._past.append((session.id, session.timeline()))
            if not self._sessions:
                self._empty.set()

    # Ending.

    async def close(self, session_id: str, ending: Ending) -> None:
        """End that session and wait until its viewers know; nothing happens without one."""
        if session := self._sessions.get(session_id):
            session.end(ending)
            await session.over.wait()

    async def leave(self, session_id: str, *, owner: str, may_end_any: bool) -> None:
        """A caller is done with that session, live or parked: the end of it if it is the caller's.
        Somebody else's goes on without the caller's viewers, unless `may_end_any`.
        """
        if session := self._sessions.get(session_id):
            if ending := session.audience.ending_by(owner, may_end_any=may_end_any):
                await self.close(session_id, ending)
            else:
                await asyncio.gather(*(v.end(WISHED) for v in session.audience.of(owner)))

    async def drain(self, *, in_s: float) -> None:
        """Let nobody in, tell everybody, and end what still runs after `in_s`."""
        self.draining = True
        self.returns.parking.end_all(SHUT_DOWN)
        for session in self.sessions:
            session.audience.tell(DrainingNotice(in_s=in_s))
        try:
            async with asyncio.timeout(in_s):
                await self._empty.wait()
        except TimeoutError:
            for session in self.sessions:
                session.end(SHUT_DOWN)

    async def aclose(self) -> None:
        """End every session and wait until nothing is left of them."""
        self.draining = True
        await self._background.aclose()
        for session in self._sessions.values():
            session.end(SHUT_DOWN)
        await self._tasks.join()
        await self.returns.parking.aclose()

"""All sessions of this server: who may start one, how it is found, how all of them end.

Decides capacity, the order of the checks an offer goes through, and the drain. It does not
know HTTP; whoever asks is told by the error tree.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scope.clock import Clock
from scope.control import PromptItem, PromptMix
from scope.engine.api import Engine, OpenRequest, StreamHandle
from scope.errors import AtCapacity, Draining, PipelineNotLoaded, SessionNotFound
from scope.frames import Codec
from scope.media.encoder import EncoderPool
from scope.pipelines.contract import PipelineSpec
from scope.protocol.notices import Draining as DrainingNotice
from scope.protocol.parameters import DecodedParameters, decode_object
from scope.rtc.api import PeerEvents, SdpLimits
from scope.rtc.guard import guard_sdp
from scope.sessions.ending import NEGOTIATION_FAILED, SHUT_DOWN, Ending
from scope.sessions.session import Join, Session
from scope.sessions.shown import Shown
from scope.sessions.tasks import OwnedTasks

if TYPE_CHECKING:
    from scope.rtc.peer import Peer

NOT_LOADED = "Pipeline not loaded. Please load pipeline first."
RETRY_AFTER_S = 5.0
TICK_S = 1.0

PeerMaker = Callable[[str, PeerEvents, bool], "Peer"]
"""A new peer of that id, telling its events; whether its client is on loopback."""


@dataclass(frozen=True, slots=True)
class TableLimits:
    """How many sessions, how many peers in each, and what an offer may weigh."""

    max_sessions: int = 16
    max_peers: int = 16
    sdp: SdpLimits = field(default_factory=SdpLimits)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as it came. fate: told once whether it connected."""

    sdp: str
    fate: Callable[[bool], None]
    from_loopback: bool
    controls: bool = True
    parameters: Mapping[str, Any] = field(default_factory=dict)
    codec: Codec | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an offer came to."""

    session: Session
    peer: Peer
    sdp: str


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
    ) -> None:
        self._engine = engine
        self._peers = peers
        self._pool = pool
        self._clock = clock
        self._limits = limits
        self._resolve = resolve
        self._sessions: dict[str, Session] = {}
        self._opening = 0
        self._tasks = OwnedTasks()
        self._background = OwnedTasks()
        self._empty = asyncio.Event()
        self._empty.set()
        self.draining = False

    def start(self) -> None:
        """Begin to tell figures once a second."""
        self._background.start(self._tick(), name="session stats")

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Live sessions, the oldest first."""
        return tuple(session for session in self._sessions.values() if not session.is_over)

    def find(self, session_id: str) -> Session:
        """The live session of that id. Raises SessionNotFound."""
        session = self._sessions.get(session_id)
        if session is None or session.is_over:
            raise SessionNotFound("There is no session of that id.")
        return session

    def some(self, session_id: str | None) -> Session:
        """That session, or the oldest one without an id. Raises SessionNotFound."""
        if session_id is not None:
            return self.find(session_id)
        if not (sessions := self.sessions):
            raise SessionNotFound("No session is running.")
        return sessions[0]

    def find_peer(self, peer_id: str) -> tuple[Session, Peer]:
        """The live session a peer watches, and the peer. Raises SessionNotFound."""
        for session in self.sessions:
            if viewer := session.audience.get(peer_id):
                return session, viewer.peer
        raise SessionNotFound("There is no peer of that id.")

    # Starting.

    async def offer(self, offer: Offer) -> Answer:
        """A new session with its first peer. Raises what is wrong with the offer."""
        self.check_capacity()
        spec = self._loaded_spec()
        known = frozenset(spec.params_schema.get("properties", {})) if spec else frozenset[str]()
        decoded = decode_object(offer.parameters, known=known)
        spec = self._require_loaded(spec, decoded.pipeline_ids)
        guard_sdp(offer.sdp, self._limits.sdp)
        self._opening += 1
        try:
            handle = await self._open(decoded)
            session = self._enter(handle, known=known, spec=spec, decoded=decoded)
        finally:
            self._opening -= 1
        session.begin(decoded)
        answer = None
        try:
            answer = await self.join(session, offer)
        finally:
            if answer is None:
                session.end(NEGOTIATION_FAILED)
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
        )
        peer, sdp = await session.join(wish)
        return Answer(session, peer, sdp)

    def check_capacity(self) -> None:
        """Raises Draining or AtCapacity when no session may start now."""
        if self.draining:
            raise Draining("The server is shutting down.", retry_after_s=RETRY_AFTER_S)
        if len(self._sessions) + self._opening >= self._limits.max_sessions:
            raise AtCapacity(
                f"All {self._limits.max_sessions} sessions are taken.", retry_after_s=RETRY_AFTER_S
            )

    def _loaded_spec(self) -> PipelineSpec | None:
        status = self._engine.status()
        if status.state != "loaded" or status.pipeline_id is None:
            return None
        return self._engine.catalog().get(status.pipeline_id)

    def _require_loaded(
        self, spec: PipelineSpec | None, wanted: tuple[str, ...] | None
    ) -> PipelineSpec:
        status = self._engine.status()
        if spec is None:
            reason = status.error.detail if status.error else status.state
            raise PipelineNotLoaded(NOT_LOADED, reason=reason, retry_after_s=_retry(status.state))
        missing = [name for name in wanted or () if self._resolve(name) != spec.id]
        if missing:
            raise PipelineNotLoaded(
                f"Pipeline not loaded: {', '.join(missing)}. Please load pipeline first.",
                reason=f"{spec.id} is loaded",
            )
        return spec

    async def _open(self, decoded: DecodedParameters) -> StreamHandle:
        control = decoded.update.to_control(0, method="linear")
        return await self._engine.open(
            OpenRequest(
                stream_id=str(uuid.uuid4()),
                seed=decoded.update.seed,
                initial=replace(control, seed=None, reset=False, apply_now=False),
            )
        )

    def _enter(
        self,
        handle: StreamHandle,
        *,
        known: frozenset[str],
        spec: PipelineSpec,
        decoded: DecodedParameters,
    ) -> Session:
        default = (PromptItem(spec.default_prompt),) if spec.default_prompt else ()
        shown = Shown(PromptMix(default), {"seed": handle.seed}).after(decoded.update)
        session = Session(
            session_id=handle.id,
            handle=handle,
            known=known,
            shown=shown,
            pool=self._pool,
            clock=self._clock,
            max_peers=self._limits.max_peers,
        )
        self._sessions[session.id] = session
        self._empty.clear()
        self._tasks.start(self._live(session), name=f"session {session.id}")
        return session

    async def _live(self, session: Session) -> None:
        try:
            await session.run()
        finally:
            del self._sessions[session.id]
            if not self._sessions:
                self._empty.set()

    # Ending.

    async def close(self, session_id: str, ending: Ending) -> None:
        """End that session and wait until its viewers know; nothing happens without one."""
        if session := self._sessions.get(session_id):
            session.end(ending)
            await session.over.wait()

    async def drain(self, *, in_s: float) -> None:
        """Let nobody in, tell everybody, and end what still runs after `in_s`."""
        self.draining = True
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

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for session in self.sessions:
                session.tell_stats()


def _retry(state: str) -> float | None:
    return 2.0 if state == "loading" else None

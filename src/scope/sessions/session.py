"""A session: one stream of the engine and everybody who watches it.

Decides that it ends exactly once and that everybody hears why. It introduces peers and
engine to each other; it knows neither SDP nor pixels nor HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from scope.clock import Clock
from scope.engine.api import StreamHandle
from scope.errors import AtCapacity, InvalidParameters, ScopeError, SessionNotFound
from scope.events import (
    ChunksUndone,
    EngineEvent,
    PauseChanged,
    StreamStopped,
    StreamWarning,
    UpdateRejected,
    UpdateTaken,
)
from scope.media.encoder import EncoderPool
from scope.protocol.parameters import DecodedParameters, ParameterUpdate, decode
from scope.protocol.timeline import Timeline
from scope.rtc.api import PeerClosed
from scope.sessions import telling
from scope.sessions.audience import Audience
from scope.sessions.ending import BROKEN, TAKEN_UP_ELSEWHERE, WISHED, Ending, ending_of
from scope.sessions.pausing import Pausing
from scope.sessions.player import Player, Sent
from scope.sessions.shown import Shown
from scope.sessions.stream_figures import StreamTally
from scope.sessions.tasks import OwnedTasks
from scope.sessions.timeline import EventLog
from scope.sessions.updates import Updates
from scope.sessions.viewer import Join, Viewer
from scope.sessions.wishes import RecordingWishes

if TYPE_CHECKING:
    from scope.rtc.peer import Peer
    from scope.sessions.parking import Keep


class Session:
    """See the module. It is a `PeerEvents` for all its peers."""

    def __init__(
        self,
        *,
        session_id: str,
        handle: StreamHandle,
        known: frozenset[str],
        shown: Shown,
        pool: EncoderPool,
        clock: Clock,
        max_peers: int,
        log: EventLog,
    ) -> None:
        self.id = session_id
        self.handle = handle
        self.known = known
        self.audience = Audience()
        self.tally = StreamTally()
        self.parked = False  # its owner vanished; nothing is made until it is back
        self.resume_token: str | None = None
        self.keep: Keep | None = None
        self.record: Callable[[Session, bool], None] | None = None  # from now on, or no longer
        self.headless = False  # it goes on without anybody who watches
        self.frames_dropped = 0  # of peers that are gone
        self.over = asyncio.Event()  # everybody knows and nothing is left
        self._log = log
        self._clock = clock
        self._max_peers = max_peers
        self._vanished_s: float | None = None  # its owner did, and has not come back
        self._tasks = OwnedTasks()
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.player = Player(handle=handle, pool=pool, clock=clock, sent=self._frame_sent)
        self.pausing = Pausing(player=self.player, audience=self.audience)
        self._wishes = RecordingWishes(lambda on: self.record and self.record(self, on))
        self._updates = Updates(
            handle=handle, shown=shown, audience=self.audience, tally=self.tally, clock=clock
        )

    @property
    def shown(self) -> Shown:
        """The parameters in force."""
        return self._updates.shown

    def timeline(self) -> Timeline:
        """The performance as far as it was shown."""
        last = self.player.last_frame
        frames, chunks = (0, 0) if last is None else (last.index + 1, last.chunk + 1)
        return self._log.timeline(frames=frames, chunks=chunks)

    @property
    def is_over(self) -> bool:
        """Whether the end has been decided."""
        return self._ending.done()

    @property
    def ending(self) -> Ending:
        """Why it is over."""
        return self._ending.result() if self._ending.done() else BROKEN

    def park(self, parked: bool) -> None:
        """Make nothing, whoever may still listen, or be as before."""
        self.parked = parked
        self.player.rest(parked)

    async def join(self, wish: Join) -> tuple[Peer, str]:
        """Let a peer in: it, and its answer. Raises NegotiationFailed, AtCapacity."""
        if self.is_over:
            raise SessionNotFound("The session is over.")
        if len(self.audience) >= self._max_peers:
            raise AtCapacity("This session has as many viewers as it may have.", retry_after_s=5)
        peer = wish.peer(self)
        self.audience.add(Viewer(peer, controls=wish.controls, fate=wish.fate, permit=wish.permit))
        answer = None
        try:
            answer = await peer.answer(wish.sdp, codec_preference=wish.codec)
        finally:
            if answer is None:
                self.audience.remove(peer.id)
                await peer.close()
        return peer, answer

    def update(self, decoded: DecodedParameters, *, sender: Viewer | None = None) -> int:
        """Send an update on its way; its revision. sender None: it came by REST."""
        revision = self._updates.take(decoded, sender=sender)
        self._act(decoded.update, revision)
        return revision

    def welcome(self, peer: Peer, decoded: DecodedParameters, *, again: bool = False) -> None:
        """`peer` has made its offer with these parameters; again: it came back to a session
        that had its own, so they are an update.
        """
        viewer = self.audience.get(peer.id)
        if viewer is None or self.is_over:
            return
        if again and decoded.update != ParameterUpdate():
            self.update(decoded, sender=viewer)
        else:
            self._updates.warn(decoded, viewer)

    def begin(self, decoded: DecodedParameters, *, headless: bool = False) -> None:
        """With its first parameters. headless: it plays on, whoever watches, until stopped."""
        if headless:
            self.headless = True
            self.player.play_unwatched()
        self.pausing.begin(bool(decoded.update.paused))
        self._act(decoded.update)

    def _act(self, update: ParameterUpdate, revision: int = 0) -> None:
        """What an update means beyond the stream."""
        if update.paused is not None:
            self.pausing.wished(update.paused, revision=revision, sure=not update.changes)
        if update.recording is not None:
            sure = not (update.changes and revision)
            self._wishes.wished(update.recording, revision=revision, sure=sure)

    def hand_over(self, viewer: Viewer) -> None:
        """From now on `viewer` controls, and who did so far watches."""
        self._vanished_s = None
        self.audience.hand_over(viewer)

    # Life.

    async def run(self) -> None:
        """Play until the end, then say so to everybody and free what is held."""
        for work in (self.player.run(), self._listen()):
            self._tasks.start(work, name=f"session {self.id}").add_done_callback(self._check)
        ending = BROKEN
        try:
            ending = await self._ending
        finally:
            try:
                await self._close(ending)
            finally:
                self.over.set()

    def end(self, ending: Ending) -> None:
        """Decide the end; the first call counts."""
        if not self._ending.done():
            self._ending.set_result(ending)

    def _check(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.end(BROKEN)

    async def _close(self, ending: Ending) -> None:
        closing = [asyncio.ensure_future(viewer.end(ending)) for viewer in self.audience]
        try:
            await self.handle.aclose()
            await self._tasks.aclose()
            self.player.close()
            self.handle.frames.leave()
        finally:
            await asyncio.gather(*closing)

    async def _listen(self) -> None:
        while True:
            try:
                event = await self.handle.next_event()
            except EOFError:
                return
            self._heard(event)

    def _heard(self, event: EngineEvent) -> None:
        match event:
            case StreamStopped():
                self.end(ending_of(event))
            case UpdateTaken():
                self._log.taken(event)
                self._wishes.taken(event.update.revision)
                if event.scripted:
                    self._updates.scripted(event.update)
            case ChunksUndone():
                self._log.undone(event)
            case UpdateRejected():
                self._updates.refused(event)
                self._wishes.refused(event.revision)
                self.pausing.refused(self.shown.values.get("paused", False))
            case PauseChanged():
                self.pausing.heard(event)
            case StreamWarning(error=error):
                self.audience.tell(telling.trouble(error))

    def _frame_sent(self, sent: Sent) -> None:
        self.tally.sent(now_s=sent.now_s, produced_s=sent.frame.produced_s)
        self._updates.frame_sent(sent)

    # What peers tell (`PeerEvents`).

    def connected(self, peer: Peer) -> None:
        """See `PeerEvents`."""
        viewer = self.audience.get(peer.id)
        if viewer is None or self.is_over:
            return
        viewer.is_connected()
        self.player.add(peer)
        if viewer.controls:
            self._vanished_s = None
            for other in self.audience.controllers(but=viewer):
                self._tasks.start(other.end(TAKEN_UP_ELSEWHERE), name=f"replace {peer.id}")
            telling.control_changed(self, by=viewer)

    def channel_opened(self, peer: Peer) -> None:
        """See `PeerEvents`."""
        if viewer := self.audience.get(peer.id):
            viewer.tell(telling.hello(self, viewer))
            viewer.tell(telling.control(self, viewer))
            viewer.can_hear()

    def message(self, peer: Peer, text: str | bytes) -> None:
        """See `PeerEvents`."""
        viewer = self.audience.get(peer.id)
        if viewer is None or self.is_over:
            return
        try:
            decoded = decode(text, known=self.known)
        except InvalidParameters as error:
            self.refused(peer, error)
            return
        if viewer.controls:
            self.update(decoded, sender=viewer)
        else:
            viewer.tell(telling.may_only_watch(viewer, message_id=decoded.message_id))

    def refused(self, peer: Peer, error: ScopeError) -> None:
        """See `PeerEvents`."""
        if viewer := self.audience.get(peer.id):
            viewer.tell(telling.refusal(error))

    def keyframe_wanted(self, peer: Peer) -> None:
        """See `PeerEvents`."""
        self.player.keyframe_wanted(peer)

    def bitrate_estimated(self, peer: Peer, kbps: int) -> None:
        """See `PeerEvents`."""
        self.player.estimated(peer, kbps)

    def silent(self, peer: Peer, silent: bool) -> None:
        """See `PeerEvents`."""
        if viewer := self.audience.get(peer.id):
            viewer.silent_since_s = self._clock.now() if silent else None
        self.player.quieten(peer, silent)

    def closed(self, peer: Peer, reason: PeerClosed) -> None:
        """See `PeerEvents`."""
        viewer = self.audience.remove(peer.id)
        if viewer is None:
            return
        viewer.is_gone()
        self.frames_dropped += peer.stats().dropped_frames
        self.player.remove(peer)
        if viewer.controls and reason is PeerClosed.LOST:
            self._vanished_s = viewer.silent_since_s or self._clock.now()
        telling.control_changed(self, by=viewer)
        self.look_after_peers()

    def look_after_peers(self) -> None:
        """Without anybody who watches: wait for an owner who vanished, or end."""
        if len(self.audience) or self.headless or self.is_over or self.parked:
            return
        if self._vanished_s is None or self.keep is None or not self.keep(self, self._vanished_s):
            self.end(WISHED)

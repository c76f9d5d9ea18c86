"""A session: one stream of the engine and everybody who watches it.

Decides that it ends exactly once and that everybody hears why. It introduces peers and
engine to each other; it knows neither SDP nor pixels nor HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
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
from scope.frames import Codec
from scope.media.encoder import EncoderPool
from scope.protocol.notices import ErrorNotice, Hello, Paused, PipelineError, Stats
from scope.protocol.parameters import DecodedParameters, RefusedParameters, decode
from scope.protocol.timeline import Timeline
from scope.rtc.api import PeerClosed
from scope.sessions.audience import Audience
from scope.sessions.ending import BROKEN, DELETED_BY_OWNER, WISHED, Ending, ending_of
from scope.sessions.player import Player, Sent
from scope.sessions.shown import Shown
from scope.sessions.stream_figures import StreamTally
from scope.sessions.tasks import OwnedTasks
from scope.sessions.timeline import EventLog
from scope.sessions.updates import Updates
from scope.sessions.viewer import Viewer

if TYPE_CHECKING:
    from scope.rtc.peer import Peer


@dataclass(frozen=True, slots=True)
class Join:
    """A peer that wants to watch. controls, fate: see `Viewer`."""

    sdp: str
    peer: Callable[[Session], Peer]
    controls: bool
    fate: Callable[[bool], None]
    codec: Codec | None = None


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
        self.paused = False
        self.headless = False  # it goes on without anybody who watches
        self.frames_dropped = 0  # of peers that are gone
        self.over = asyncio.Event()  # everybody knows and nothing is left
        self._log = log
        self._clock = clock
        self._max_peers = max_peers
        self._tasks = OwnedTasks()
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.player = Player(handle=handle, pool=pool, clock=clock, sent=self._frame_sent)
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
        if last is None:
            return self._log.timeline(frames=0, chunks=0)
        return self._log.timeline(frames=last.index + 1, chunks=last.chunk + 1)

    @property
    def is_over(self) -> bool:
        """Whether the end has been decided."""
        return self._ending.done()

    async def join(self, wish: Join) -> tuple[Peer, str]:
        """Let a peer in: it, and its answer. Raises NegotiationFailed, AtCapacity."""
        if self.is_over:
            raise SessionNotFound("The session is over.")
        if len(self.audience) >= self._max_peers:
            raise AtCapacity("This session has as many viewers as it may have.", retry_after_s=5)
        peer = wish.peer(self)
        self.audience.add(Viewer(peer, controls=wish.controls, fate=wish.fate))
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
        if decoded.update.paused is not None:
            self.player.hold(decoded.update.paused)
        return revision

    def begin(self, decoded: DecodedParameters, *, headless: bool = False) -> None:
        """What the first parameters mean beyond the stream they opened.

        headless: it plays from now on until it is stopped, whoever watches.
        """
        self._updates.warn(decoded, sender=None)
        if headless:
            self.headless = True
            self.player.play_unwatched()
        if decoded.update.paused:
            self.paused = True
            self.player.hold(True)

    # Life.

    async def run(self) -> None:
        """Play until the end, then say so to everybody and free what is held."""
        for work in (self.player.run(), self._listen()):
            self._tasks.start(work, name=f"session {self.id}").add_done_callback(self._check)
        ending = BROKEN
        try:
            ending = await self._ending
        finally:
            await self._close(ending)
            self.over.set()

    def end(self, ending: Ending) -> None:
        """Decide the end; the first call counts."""
        if not self._ending.done():
            self._ending.set_result(ending)

    def _check(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self.end(BROKEN)

    async def _close(self, ending: Ending) -> None:
        endings = (
            (viewer, DELETED_BY_OWNER if ending is WISHED and not viewer.controls else ending)
            for viewer in self.audience
        )
        closing = asyncio.gather(*(viewer.end(why) for viewer, why in endings))
        await self.handle.aclose()
        await self._tasks.aclose()
        self.player.close()
        self.handle.frames.leave()
        await closing

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
                if event.scripted:
                    self._updates.scripted(event.update)
            case ChunksUndone():
                self._log.undone(event)
            case UpdateRejected():
                self._updates.refused(event)
            case PauseChanged(paused=paused):
                self.paused = paused
                self.audience.tell(Paused(paused=paused))
            case StreamWarning(error=error):
                self.audience.tell(PipelineError(message=error.detail, recoverable=True))

    def _frame_sent(self, sent: Sent) -> None:
        self.tally.sent(now_s=sent.now_s, produced_s=sent.frame.produced_s)
        self._updates.frame_sent(sent)

    def tell_stats(self) -> None:
        """One `stats` notice to everybody."""
        now_s = self._clock.now()
        for viewer in self.audience:
            if not viewer.connected:
                continue
            figures = viewer.peer.stats()
            viewer.tell(
                Stats(
                    fps=round(self.tally.fps(now_s=now_s), 1),
                    chunk_ms=round(1000 * self.handle.figures().chunk_s, 1),
                    delay_ms=self.tally.prompt_delay_ms(),
                    queue=len(self.handle.frames),
                    bitrate_kbps=figures.bitrate_kbps,
                    rtt_ms=figures.rtt_ms,
                    loss=figures.loss,
                )
            )

    # What peers tell (`PeerEvents`).

    def connected(self, peer: Peer) -> None:
        """See `PeerEvents`."""
        if (viewer := self.audience.get(peer.id)) and not self.is_over:
            viewer.is_connected()
            self.player.add(peer)

    def channel_opened(self, peer: Peer) -> None:
        """See `PeerEvents`."""
        if viewer := self.audience.get(peer.id):
            video = self.handle.format
            viewer.tell(
                Hello(
                    session_id=self.id,
                    pipeline_id=self.handle.pipeline_id,
                    seed=self.handle.seed,
                    fps=video.fps,
                    width=video.width,
                    height=video.height,
                )
            )

    def message(self, peer: Peer, text: str | bytes) -> None:
        """See `PeerEvents`."""
        viewer = self.audience.get(peer.id)
        if viewer is None or self.is_over:
            return
        if not viewer.controls:
            viewer.tell(ErrorNotice(code="forbidden", detail="A viewer may only watch."))
            return
        try:
            decoded = decode(text, known=self.known)
        except InvalidParameters as error:
            self.refused(peer, error)
            return
        self.update(decoded, sender=viewer)

    def refused(self, peer: Peer, error: ScopeError) -> None:
        """See `PeerEvents`."""
        if viewer := self.audience.get(peer.id):
            message_id = error.message_id if isinstance(error, RefusedParameters) else None
            viewer.tell(
                ErrorNotice(
                    code=error.code, field=error.field, detail=error.detail, message_id=message_id
                )
            )

    def keyframe_wanted(self, peer: Peer) -> None:
        """See `PeerEvents`."""
        self.player.keyframe_wanted(peer)

    def bitrate_estimated(self, peer: Peer, kbps: int) -> None:
        """See `PeerEvents`."""
        self.player.estimated(peer, kbps)

    def silent(self, peer: Peer, silent: bool) -> None:
        """See `PeerEvents`."""
        self.player.quieten(peer, silent)

    def closed(self, peer: Peer, reason: PeerClosed) -> None:
        """See `PeerEvents`."""
        viewer = self.audience.remove(peer.id)
        if viewer is None:
            return
        viewer.is_gone()
        self.frames_dropped += peer.stats().dropped_frames
        self.player.remove(peer)
        if not len(self.audience) and not self.headless:
            self.end(WISHED)

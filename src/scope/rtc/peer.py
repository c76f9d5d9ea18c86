"""One viewer: answers its offer, sends it pictures, notices when it is gone.

Decides deadlines and how a peer ends. It does not know what its messages mean, where
pictures come from, or that there are other peers.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from aiortc import RTCDataChannel

from scope.clock import Clock
from scope.errors import NegotiationFailed, ScopeError
from scope.frames import Codec, EncodedFrame
from scope.rtc.api import Candidate, PeerClosed, PeerConfig, PeerEvents, PeerStats
from scope.rtc.candidates import ParsedCandidate
from scope.rtc.channel import ControlChannel
from scope.rtc.feedback import Feedback
from scope.rtc.guard import GuardedOffer, guard_offer
from scope.rtc.link import Link, LinkHooks
from scope.rtc.liveness import Liveness
from scope.rtc.track import GeneratedVideoTrack
from scope.rtc.trickle import Trickle

log = logging.getLogger(__name__)

CHECKS_PER_SILENCE = 10
KEYFRAME_REQUEST_GAP_S = 0.25
BITRATE_WINDOW_S = 2.0
LEFTOVER_TIMEOUT_S = 1.0


class Peer:
    """See the module. Used from one event loop; `events` is told through `call_soon`."""

    def __init__(
        self,
        *,
        id: str,
        config: PeerConfig,
        events: PeerEvents,
        clock: Clock,
        client_is_loopback: bool,
    ) -> None:
        self.id = id
        self.codec: Codec = "VP8"
        self._config = config
        self._events = events
        self._clock = clock
        self._client_is_loopback = client_is_loopback
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._track = GeneratedVideoTrack()
        self._link: Link | None = None
        self._feedback: Feedback | None = None
        self._trickle: Trickle | None = None
        self._connected = self._was_connected = self._silent = False
        self._closing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._keyframe_asked_s: float | None = None
        self._sent: deque[tuple[float, int]] = deque()
        self._liveness = Liveness(silence_s=config.silence_s, lost_s=config.lost_s)
        self._channel = ControlChannel(
            config=config,
            clock=clock,
            opened=lambda: self._tell(events.channel_opened),
            message=lambda text: self._tell(events.message, text),
            refused=lambda error: self._tell(events.refused, error),
            flooded=lambda: self._end(PeerClosed.FLOODING, config.flood_farewell),
            stuck=lambda: self._end(PeerClosed.LOST),
        )

    async def answer(self, offer_sdp: str, *, codec_preference: Codec | None) -> str:
        """The answer, candidates included; `codec` is settled afterwards. Called once.

        Raises TooLarge, NegotiationFailed; the peer is closed then.
        """
        try:
            guarded = guard_offer(
                offer_sdp,
                self._config.sdp,
                prefer=codec_preference,
                client_is_loopback=self._client_is_loopback,
            )
            answer = await self._negotiate(guarded)
        except ScopeError:
            await self.close()
            raise
        self._trickle = Trickle(
            guarded, config=self._config, client_is_loopback=self._client_is_loopback
        )
        self._try(self._trickle.from_offer)
        return answer

    def add_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Try what may be tried, in the background; the rest is dropped silently.

        Raises TooLarge, and InvalidParameters when one of them is no candidate at all; the
        others are tried all the same.
        """
        if self._trickle is None:
            return
        good, wrong = self._trickle.admit(candidates)
        self._try(good)
        if wrong is not None:
            raise wrong

    def push(self, frame: EncodedFrame) -> None:
        """Send `frame`, or drop it and everything up to the next keyframe."""
        if not self._connected or self._closing is not None:
            return
        if not self._track.push(frame):
            self._ask_for_keyframe()
            return
        now_s = self._clock.now()
        self._liveness.sent(now_s)
        self._sent.append((now_s, len(frame.data)))
        self._forget_old_sends(now_s)

    def notify(self, text: str, *, droppable: bool = False) -> bool:
        """Say `text` over the data channel; False if there is none or it is congested."""
        return self._closing is None and self._channel.notify(text, droppable=droppable)

    def stats(self) -> PeerStats:
        """Figures of this peer."""
        now_s = self._clock.now()
        self._forget_old_sends(now_s)
        rtt_s = self._link.round_trip_s if self._link else None
        return PeerStats(
            connected=self._connected,
            sent_frames=self._track.sent_frames,
            dropped_frames=self._track.dropped_frames,
            bitrate_kbps=round(sum(n for _, n in self._sent) * 8 / 1000 / BITRATE_WINDOW_S),
            rtt_ms=None if rtt_s is None else max(rtt_s, 0.0) * 1000,
            loss=self._feedback.loss if self._feedback else None,
        )

    def rtp_timestamp(self, pts: int) -> int | None:
        """`pts` (90 kHz) as this peer sees it on the wire; None before the first frame."""
        return self._link.rtp_timestamp(pts) if self._link else None

    async def close(self, farewell: str | None = None) -> None:
        """Say `farewell`, end the connection, and return when nothing of it is left."""
        self._end(PeerClosed.BY_US, farewell)
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def _negotiate(self, guarded: GuardedOffer) -> str:
        if self._link is not None or self._closing is not None:
            raise NegotiationFailed("This peer has been answered already.")
        self._feedback = feedback = Feedback(
            clock=self._clock,
            keyframe_wanted=self._ask_for_keyframe,
            bitrate_estimated=lambda kbps: self._tell(self._events.bitrate_estimated, kbps),
        )
        self._link = link = Link(
            config=self._config,
            track=self._track,
            with_loopback=self._client_is_loopback,
            spawn=self._spawn,
            hooks=LinkHooks(
                state_changed=self._on_state,
                ended=lambda vanished: self._end(self._why_ended(vanished)),
                channel=self._on_channel,
                report=self._on_report,
                feedback=feedback.take,
                channel_bytes=self._on_channel_bytes,
                malformed=self._on_malformed,
            ),
        )
        self._timer = self._loop.call_later(
            self._config.connect_deadline_s, self._end, PeerClosed.NOT_CONNECTED
        )
        feedback.ssrc = link.ssrc
        answer, self.codec = await link.answer(guarded)
        return answer

    def _try(self, candidates: Sequence[ParsedCandidate]) -> None:
        for candidate in candidates:
            if self._link is not None and self._closing is None:
                self._spawn(self._link.try_candidate(candidate))

    def _on_state(self, state: str) -> None:
        if state == "connected" and not self._was_connected and self._closing is None:
            self._connected = self._was_connected = True
            self._watch()
            self._tell(self._events.connected)
        elif state == "failed":
            self._end(PeerClosed.LOST if self._was_connected else PeerClosed.NOT_CONNECTED)

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if self._closing is None:
            self._channel.accept(channel)

    def _on_channel_bytes(self, size: int) -> None:
        self._channel.count(size)
        if self._link is not None and self._link.window_overrun():
            self._end(PeerClosed.FLOODING, self._config.flood_farewell)

    def _on_malformed(self, error: Exception) -> None:
        log.debug("peer %s sent something malformed: %r", self.id, error)
        if isinstance(error, UnicodeDecodeError):
            self._channel.not_text()

    def _on_report(self) -> None:
        self._liveness.heard()
        if self._silent:
            self._silent = False
            self._tell(self._events.silent, False)

    def _watch(self) -> None:
        """Look whether the peer still answers, again and again."""
        if self._timer is not None:
            self._timer.cancel()
        if self._closing is not None:
            return
        verdict = self._liveness.verdict(self._clock.now())
        if verdict == "lost":
            self._end(PeerClosed.LOST)
            return
        if verdict == "silent" and not self._silent:
            self._silent = True
            self._tell(self._events.silent, True)
        self._timer = self._loop.call_later(
            self._config.silence_s / CHECKS_PER_SILENCE, self._watch
        )

    def _why_ended(self, vanished: bool) -> PeerClosed:
        if not self._was_connected:
            return PeerClosed.NOT_CONNECTED
        return PeerClosed.LOST if vanished or self._silent else PeerClosed.BY_PEER

    def _ask_for_keyframe(self) -> None:
        now_s = self._clock.now()
        asked_s = self._keyframe_asked_s
        if asked_s is None or now_s - asked_s >= KEYFRAME_REQUEST_GAP_S:
            self._keyframe_asked_s = now_s
            self._tell(self._events.keyframe_wanted)

    def _forget_old_sends(self, now_s: float) -> None:
        while self._sent and now_s - self._sent[0][0] > BITRATE_WINDOW_S:
            self._sent.popleft()

    def _tell(self, event: Callable[..., None], *arguments: Any) -> None:
        """Not at once: an error of the owner's must not look like one of the peer's."""
        if self._closing is None:
            self._loop.call_soon(event, self, *arguments)

    def _end(self, reason: PeerClosed, farewell: str | None = None) -> None:
        if self._closing is not None:
            return
        self._loop.call_soon(self._events.closed, self, reason)
        if self._timer is not None:
            self._timer.cancel()
        self._closing = self._loop.create_task(self._shut_down(farewell))

    async def _shut_down(self, farewell: str | None) -> None:
        link = self._link
        if link is not None:
            if farewell is not None and self._channel.notify(farewell):
                await link.flush(self._config.farewell_timeout_s)
            self._connected = False
            await link.close()
        self._track.stop()
        leftovers = self._tasks - {asyncio.current_task()}
        if leftovers:
            _, pending = await asyncio.wait(leftovers, timeout=LEFTOVER_TIMEOUT_S)
            for task in pending:
                task.cancel()
            if pending:
                await asyncio.wait(pending, timeout=LEFTOVER_TIMEOUT_S)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.debug("background work of peer %s failed: %r", self.id, task.exception())

"""One WebRTC connection as this server uses it: one video out, text both ways.

Builds the library's objects, makes them behave (see `seams`) and takes them down again
whatever state they are in. Deadlines and what events mean are `peer`'s.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceCandidate,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidStateError, OperationError

from scope.errors import NegotiationFailed
from scope.frames import Codec
from scope.rtc import seams
from scope.rtc.answer import compose_answer
from scope.rtc.api import PeerConfig
from scope.rtc.candidates import ParsedCandidate
from scope.rtc.guard import GuardedOffer
from scope.rtc.sender_seam import SenderWire, send_with
from scope.rtc.sending import Sending
from scope.rtc.track import GeneratedVideoTrack

log = logging.getLogger(__name__)

UNANSWERABLE = (
    *seams.MALFORMED,
    InternalError,
    InvalidStateError,
    OperationError,
    RuntimeError,
    StopIteration,
)
"""What the library raises for an offer it can not answer."""
FLUSH_POLL_S = 0.01
_CODEC = re.compile(r"^m=video \d+ \S+ (?P<pt>\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LinkHooks:
    """What a link tells, on the event loop."""

    state_changed: Callable[[str], None]
    ended: Callable[[bool], None]  # by the peer, or (True) because it vanished
    channel: Callable[[RTCDataChannel], None]
    report: Callable[[], None]
    feedback: Callable[[Any], None]
    channel_bytes: Callable[[int], None]
    malformed: Callable[[Exception], None]


class Link:
    """An `RTCPeerConnection` with everything that must not go wrong around it."""

    def __init__(
        self,
        *,
        config: PeerConfig,
        track: GeneratedVideoTrack,
        with_loopback: bool,
        spawn: seams.Spawn,
        hooks: LinkHooks,
    ) -> None:
        self._config = config
        self._spawn = spawn
        self._hooks = hooks
        self._track = track
        self._sending: Sending | None = None
        self._connection = RTCPeerConnection(
            RTCConfiguration(
                iceServers=_ice_servers(config), bundlePolicy=RTCBundlePolicy.MAX_BUNDLE
            )
        )
        self._close_connection = self._connection.close
        transceiver = self._connection.addTransceiver(track, direction="sendonly")
        self._sender = transceiver.sender
        self._wire = SenderWire(self._sender)
        self._dtls = transceiver.sender.transport
        self._ice = self._dtls.transport
        self._harden(with_loopback)

    @property
    def ssrc(self) -> int:
        """Identifier of the video we send."""
        return self._wire.ssrc

    @property
    def round_trip_s(self) -> float | None:
        """Round-trip time, None before the first report."""
        return self._wire.round_trip_s

    async def answer(self, guarded: GuardedOffer) -> tuple[str, Codec]:
        """The answer and the codec it settles on. Raises NegotiationFailed."""
        try:
            await self._connection.setRemoteDescription(
                RTCSessionDescription(sdp=guarded.sdp, type="offer")
            )
            await self._connection.setLocalDescription()
        except UNANSWERABLE as error:
            log.debug("offer not understood: %r", error)
            raise NegotiationFailed("The offer can not be answered.") from error
        sdp = self._connection.localDescription.sdp
        codec = _first_codec(sdp)
        self._sending = sending = Sending(self._track, codec=codec, wire=self._wire)
        send_with(self._sender, sending.run, sending.resend, spawn=self._spawn)
        sctp = self._connection.sctp
        if sctp is not None:
            seams.watch_channel_bytes(sctp, self._hooks.channel_bytes)
        return compose_answer(sdp, guarded.offer), codec

    async def try_candidate(self, candidate: ParsedCandidate) -> None:
        """Send checks to `candidate`; an mDNS name takes up to a second to resolve."""
        await self._ice.addRemoteCandidate(
            RTCIceCandidate(
                component=1,
                foundation=candidate.foundation,
                ip=candidate.address,
                port=candidate.port,
                priority=candidate.priority,
                protocol="udp",
                type=candidate.type,
            )
        )

    def window_overrun(self) -> bool:
        """Whether the client sends on although it was told to stop."""
        sctp = self._connection.sctp
        return sctp is not None and seams.receive_window(sctp) < 0

    def rtp_timestamp(self, pts: int) -> int | None:
        """`pts` as on the wire of this peer; None before anything was sent."""
        return self._sending.rtp_timestamp(pts) if self._sending else None

    async def flush(self, timeout_s: float) -> None:
        """Wait until the client has what was said to it, or `timeout_s`."""
        deadline_s = asyncio.get_running_loop().time() + timeout_s
        sctp = self._connection.sctp
        while sctp is not None and not seams.is_flushed(sctp):
            if asyncio.get_running_loop().time() >= deadline_s:
                return
            await asyncio.sleep(FLUSH_POLL_S)  # the library has no event for this

    async def close(self) -> None:
        """Leave nothing behind, whatever fails on the way."""
        self._track.stop()
        await self._step("connection", self._close_connection())
        await self._step("dtls", self._dtls.stop())
        await self._step("ice", self._ice.stop())
        seams.drop_sockets(seams.ice_of(self._ice))

    async def _step(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = self._spawn(work)
        _, pending = await asyncio.wait({task}, timeout=self._config.close_timeout_s)
        if pending:
            log.warning("closing %s hangs, going on without", name)
            task.cancel()

    def _harden(self, with_loopback: bool) -> None:
        seams.own_tasks(self._connection, self._dtls, self._sender, spawn=self._spawn)
        seams.on_self_close(self._connection, self._ended)
        seams.shape_gathering(
            seams.ice_of(self._ice),
            with_loopback=with_loopback,
            timeout_s=self._config.gather_timeout_s,
        )
        seams.end_consent_with(seams.ice_of(self._ice))
        seams.lose_instead_of_raising(self._dtls)
        seams.drop_malformed(self._dtls, self._hooks.malformed)
        seams.watch_reports(self._dtls, self._hooks.report)
        seams.watch_feedback(self._sender, self._hooks.feedback)
        self._connection.on(
            "connectionstatechange",
            lambda: self._hooks.state_changed(self._connection.connectionState),
        )
        self._connection.on("datachannel", self._hooks.channel)

    async def _ended(self) -> None:
        """DTLS is over. One turn of the loop later ICE knows whether it vanished."""
        await asyncio.sleep(0)
        self._hooks.ended(self._ice.state == "failed")


def _ice_servers(config: PeerConfig) -> list[RTCIceServer]:
    servers = []
    for server in config.ice_servers:
        urls = [
            url
            for url in server.urls
            if (config.stun_for_server or not url.startswith("stun")) and seams.is_readable(url)
        ]
        if urls:
            servers.append(RTCIceServer(urls, server.username, server.credential))
    return servers


def _first_codec(sdp: str) -> Codec:
    line = _CODEC.search(sdp)
    if line is not None and f"a=rtpmap:{line['pt']} H264/" in sdp:
        return "H264"
    return "VP8"

"""One peer connection of a client, from its offer to its end.

Decides how to offer or to watch, when a connection counts as up and when as lost; `lost` is told
at most once. What to ask for again afterwards is the stream's business.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from scope.client.errors import ClientError, ConnectFailed, Unreachable
from scope.client.http import Http
from scope.rtc import seams

CONNECT_S = 12.0
GATHER_S = 2.0
CLOSE_S = 5.0
LOOK_EVERY_S = 0.5
NO_MEDIA = "The server answered, but no media connection came up. Is UDP blocked?"


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a connection tells, on the event loop."""

    heard: Callable[[dict[str, Any]], None]
    seen: Callable[[VideoFrame], None]
    lost: Callable[[ClientError], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where to come back to: the session and the token that lets in, once."""

    session_id: str
    token: str

    def to_json(self) -> dict[str, str]:
        """As the offer has it."""
        return {"sessionId": self.session_id, "token": self.token}


class Connection:
    """See the module. `open` or `watch` once, `close` always."""

    def __init__(
        self, http: Http, *, ice_servers: Sequence[RTCIceServer] | None, lost_s: float, hooks: Hooks
    ) -> None:
        self.session_id = ""
        self.resume_token: str | None = None
        self.controls = True  # else somebody has taken over, and our goodbye is only ours
        self._http = http
        self._ice_servers = ice_servers
        self._lost_s = lost_s
        self._hooks = hooks
        self._peer: RTCPeerConnection | None = None
        self._channel: RTCDataChannel | None = None
        self._place = ""  # what to delete to be gone
        self._up = asyncio.Event()
        self._over = False
        self._failure: ClientError | None = None
        self._sign_s = time.monotonic()
        self._watch: asyncio.TimerHandle | None = None
        self._pump: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        channel = self._channel
        return not self._over and channel is not None and channel.readyState == "open"

    async def open(self, parameters: dict[str, Any], *, back_to: Place | None = None) -> None:
        """Offer and wait until messages can be sent. Raises ClientError."""
        peer = await self._offer_maker()
        channel = self._channel = peer.createDataChannel("parameters")
        channel.on("open", self._up.set)
        channel.on("message", self._message)
        channel.on("close", lambda: self._lose("The server closed the connection."))
        await peer.setLocalDescription(await peer.createOffer())
        body: dict[str, Any] = {
            "sdp": peer.localDescription.sdp,
            "type": "offer",
            "initialParameters": parameters,
        }
        if back_to is not None:
            body["resume"] = back_to.to_json()
        answer = await self._http.post("/api/v1/webrtc/offer", body)
        self.session_id = answer["sessionId"]
        self.resume_token = answer.get("resumeToken")
        self._place = f"/api/v1/webrtc/offer/{self.session_id}"
        await self._come_up(peer, answer["sdp"])

    async def watch(self, session_id: str) -> None:
        """Look at a running session over WHEP; nothing can be sent. Raises ClientError."""
        peer = await self._offer_maker()
        peer.on("connectionstatechange", self._joined)
        await peer.setLocalDescription(await peer.createOffer())
        sdp, self._place = await self._http.exchange_sdp(
            "/whep", peer.localDescription.sdp, session_id=session_id
        )
        self.session_id = session_id
        await self._come_up(peer, sdp)

    async def _come_up(self, peer: RTCPeerConnection, sdp: str) -> None:
        await peer.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        try:
            await asyncio.wait_for(self._up.wait(), CONNECT_S)
        except TimeoutError:
            raise ConnectFailed(NO_MEDIA, code="connect_failed") from None
        if self._failure is not None:
            raise self._failure
        self._sign_s = time.monotonic()
        self._look()

    def send(self, text: str) -> None:
        """A message to the server; lost where the connection is."""
        if self.is_open and self._channel is not None:
            self._channel.send(text)

    async def close(self, *, tell: bool) -> None:
        """End it; `tell`: free the session on the server too."""
        self._over = True
        self._up.set()
        if self._watch is not None:
            self._watch.cancel()
        if tell and self._place and self.controls:
            with contextlib.suppress(ClientError):
                await self._http.delete(self._place)
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])
        if self._peer is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._peer.close(), CLOSE_S)

    async def _offer_maker(self) -> RTCPeerConnection:
        servers = self._ice_servers
        if servers is None:
            servers = [] if self._http.is_loopback else await self._servers()
        configuration = RTCConfiguration(
            iceServers=list(servers), bundlePolicy=RTCBundlePolicy.MAX_BUNDLE
        )
        peer = self._peer = RTCPeerConnection(configuration)
        transceiver = peer.addTransceiver("video", direction="recvonly")
        ice = seams.ice_of(transceiver.receiver.transport.transport)
        seams.shape_gathering(ice, with_loopback=self._http.is_loopback, timeout_s=GATHER_S)
        seams.end_consent_with(ice)
        peer.on("track", self._track)
        peer.on("connectionstatechange", self._changed)
        return peer

    async def _servers(self) -> list[RTCIceServer]:
        told = await self._http.get("/api/v1/webrtc/ice-servers")
        return [
            RTCIceServer(
                urls=entry["urls"],
                username=entry.get("username"),
                credential=entry.get("credential"),
            )
            for entry in told["iceServers"]
        ]

    def _message(self, text: str | bytes) -> None:
        self._sign_s = time.monotonic()
        try:
            message = json.loads(text)
        except ValueError:
            return
        if isinstance(message, dict) and not self._over:
            self._hooks.heard(message)

    def _track(self, track: MediaStreamTrack) -> None:
        self._pump = asyncio.ensure_future(self._watch_track(track))

    async def _watch_track(self, track: MediaStreamTrack) -> None:
        """Always read: frames nobody takes would pile up in the library."""
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self._sign_s = time.monotonic()
                if isinstance(frame, VideoFrame) and not self._over:
                    self._hooks.seen(frame)

    def _joined(self) -> None:
        if self._peer is not None and self._peer.connectionState == "connected":
            self._up.set()

    def _changed(self) -> None:
        state = self._peer.connectionState if self._peer else "closed"
        if state in {"failed", "closed"}:
            self._lose(NO_MEDIA if not self._up.is_set() else "The connection was lost.")

    def _look(self) -> None:
        """A server that is there says something once a second, also while it stands still."""
        quiet_s = time.monotonic() - self._sign_s
        if quiet_s >= self._lost_s:
            self._lose(f"Nothing came from the server for {quiet_s:.0f} s.")
        elif not self._over:
            self._watch = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    def _lose(self, why: str) -> None:
        if self._over:
            return
        if not self._up.is_set():
            self._failure = ConnectFailed(why, code="connect_failed")
            self._up.set()
            return
        self._over = True
        self._hooks.lost(Unreachable(why, code="connection_lost"))

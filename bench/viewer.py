"""One real WebRTC client: offer, answer, data channel, and pictures only when they are wanted.

The seed's flow over aiortc, or WHEP. Times are CLOCK_MONOTONIC seconds. aiortc decodes a frame
when the next one begins to arrive, so everything decoded is one frame period later than need be.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from bench.wire import Tap, WireFrame

DEADLINE_S = 15.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame, when it was decoded, and the same frame on the wire."""

    frame: VideoFrame
    decoded_s: float
    wire: WireFrame


@dataclass(slots=True)
class StartTimes:
    """When what happened on the way to the first picture."""

    offered_s: float = 0.0
    answered_s: float = 0.0
    connected_s: float = 0.0
    first_picture_s: float = 0.0


class Refused(Exception):
    """The server answered an offer with an error."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status


class Viewer:
    """A peer. decode: pictures go to `on_picture`; else RTP is dropped unread."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        codec: str = "VP8",
        decode: bool = False,
        remb_kbps: int | None = 2_500,
    ) -> None:
        self.times = StartTimes()
        self.session_id = ""
        self.notices: list[tuple[float, dict[str, Any]]] = []
        self.tap: Tap | None = None
        self._http = http
        self._codec = codec
        self._decode = decode
        self._remb_kbps = remb_kbps
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._channel: RTCDataChannel | None = None
        self._connected = asyncio.Event()
        self._opened = asyncio.Event()
        self._noticed = asyncio.Condition()
        self._first_frame = asyncio.Event()
        self._first_picture = asyncio.Event()
        self._pictures: list[Callable[[Picture], None]] = []
        self._arrivals: dict[int, WireFrame] = {}
        self._first_timestamp: int | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._location = ""

    @property
    def frames(self) -> list[WireFrame]:
        """Every frame that arrived so far."""
        return self.tap.frames if self.tap else []

    def on_picture(self, listener: Callable[[Picture], None]) -> None:
        """Call `listener` with every decoded frame from now on."""
        self._pictures.append(listener)

    async def start(self, parameters: dict[str, Any] | None = None) -> None:
        """Offer the way the seed page does, and wait until media is connected."""
        channel = self._peer.createDataChannel("parameters", ordered=True)
        self._channel = channel
        channel.on("open", self._opened.set)
        channel.on("message", self._hear)
        sdp = await self._prepare()
        self.times.offered_s = time.monotonic()
        body = {"sdp": sdp, "type": "offer", "initialParameters": parameters or {}}
        response = await self._http.post("/api/v1/webrtc/offer", json=body)
        if response.status_code != 200:
            await self.close()
            raise Refused(response.status_code, response.text)
        answer = response.json()
        self.session_id = answer["sessionId"]
        self._location = f"/api/v1/webrtc/offer/{self.session_id}"
        await self._accept(answer["sdp"])

    async def watch(self, session_id: str | None = None) -> None:
        """Join over WHEP: the session of that id, or whatever the server offers."""
        sdp = await self._prepare()
        self.times.offered_s = time.monotonic()
        response = await self._http.post(
            "/whep",
            params={"session_id": session_id} if session_id else None,
            content=sdp,
            headers={"Content-Type": "application/sdp"},
        )
        if response.status_code != 201:
            await self.close()
            raise Refused(response.status_code, response.text)
        self._location = response.headers["Location"]
        await self._accept(response.text)

    def send(self, message: dict[str, Any]) -> None:
        """A message over the data channel."""
        assert self._channel is not None
        self._channel.send(json.dumps(message))

    async def channel_open(self) -> None:
        """Wait for the data channel."""
        await asyncio.wait_for(self._opened.wait(), DEADLINE_S)

    async def first_frame(self) -> WireFrame:
        """Wait for the first complete frame on the wire."""
        await asyncio.wait_for(self._first_frame.wait(), DEADLINE_S)
        return self.frames[0]

    async def first_picture(self) -> None:
        """Wait for the first decoded picture."""
        await asyncio.wait_for(self._first_picture.wait(), DEADLINE_S)

    async def notice(self, kind: str, *, timeout_s: float = DEADLINE_S) -> dict[str, Any]:
        """The first message of type `kind` that came or comes."""

        def found() -> dict[str, Any] | None:
            return next((body for _, body in self.notices if body.get("type") == kind), None)

        async with asyncio.timeout(timeout_s), self._noticed:
            await self._noticed.wait_for(lambda: found() is not None)
        body = found()
        assert body is not None
        return body

    async def close(self, *, tell: bool = True) -> None:
        """Leave; `tell` frees the session with DELETE first, as a well-behaved page does."""
        if tell and self._location:
            with contextlib.suppress(httpx2.HTTPError):
                await self._http.delete(self._location)
        if self.tap:
            self.tap.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._peer.close()

    async def _prepare(self) -> str:
        transceiver = self._peer.addTransceiver("video", direction="recvonly")
        capabilities = RTCRtpReceiver.getCapabilities("video")
        assert capabilities is not None
        wanted = [c for c in capabilities.codecs if c.mimeType == f"video/{self._codec}"]
        transceiver.setCodecPreferences(wanted)
        self._peer.on("connectionstatechange", self._changed)
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return str(self._peer.localDescription.sdp)

    async def _accept(self, sdp: str) -> None:
        self.times.answered_s = time.monotonic()
        receiver = self._peer.getTransceivers()[0].receiver
        self.tap = Tap(receiver, unread=not self._decode, remb_kbps=self._remb_kbps)
        self.tap.on_frame(self._arrived)
        await self._peer.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        if self._decode:
            self._tasks.append(asyncio.create_task(self._show(receiver)))
        await asyncio.wait_for(self._connected.wait(), DEADLINE_S)

    def _changed(self) -> None:
        if self._peer.connectionState == "connected" and not self._connected.is_set():
            self.times.connected_s = time.monotonic()
            self._connected.set()

    async def _hear(self, text: str) -> None:
        async with self._noticed:
            self.notices.append((time.monotonic(), json.loads(text)))
            self._noticed.notify_all()

    def _arrived(self, frame: WireFrame) -> None:
        self._first_frame.set()
        if not self._decode:
            return
        if self._first_timestamp is None:
            self._first_timestamp = frame.timestamp
        self._arrivals[frame.timestamp - self._first_timestamp] = frame

    async def _show(self, receiver: RTCRtpReceiver) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await receiver.track.recv()
                decoded_s = time.monotonic()
                assert isinstance(frame, VideoFrame)
                if not self._first_picture.is_set():
                    self.times.first_picture_s = decoded_s
                    self._first_picture.set()
                wire = self._arrivals.pop(frame.pts or 0, None)
                if wire is None:
                    continue
                picture = Picture(frame, decoded_s, wire)
                for listener in self._pictures:
                    listener(picture)

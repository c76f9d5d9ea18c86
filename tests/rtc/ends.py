"""Both ends of a connection as the tests of this folder need them."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from scope.clock import MonotonicClock
from scope.errors import ScopeError
from scope.frames import Codec, EncodedFrame, VideoFormat
from scope.media.encoder import Picture, VideoEncoder
from scope.rtc.api import PeerClosed, PeerConfig
from scope.rtc.peer import Peer
from scope.rtc.seams import end_consent_with

FORMAT = VideoFormat(192, 128, 30)
PERIOD_S = 1 / 30
PATIENCE_S = 15.0


class Owner:
    """Notes what a peer tells; `await owner.heard(...)` waits for it."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, Any]] = []
        self._news = asyncio.Event()

    def connected(self, peer: Peer) -> None:
        self._note("connected", None)

    def channel_opened(self, peer: Peer) -> None:
        self._note("channel_opened", None)

    def message(self, peer: Peer, text: str | bytes) -> None:
        self._note("message", text)

    def refused(self, peer: Peer, error: ScopeError) -> None:
        self._note("refused", error.code)

    def keyframe_wanted(self, peer: Peer) -> None:
        self._note("keyframe_wanted", None)

    def bitrate_estimated(self, peer: Peer, kbps: int) -> None:
        self._note("bitrate_estimated", kbps)

    def silent(self, peer: Peer, silent: bool) -> None:
        self._note("silent", silent)

    def closed(self, peer: Peer, reason: PeerClosed) -> None:
        self._note("closed", reason)

    def values(self, name: str) -> list[Any]:
        return [value for noted, value in self.notes if noted == name]

    async def heard(self, name: str, value: Any = None, *, within_s: float = PATIENCE_S) -> Any:
        """Wait for a note of that name (and value); gives its value."""
        async with asyncio.timeout(within_s):
            while True:
                for found in self.values(name):
                    if value is None or found == value:
                        return found
                self._news.clear()
                await self._news.wait()

    def _note(self, name: str, value: Any) -> None:
        self.notes.append((name, value))
        self._news.set()


class Client:
    """An aiortc client that watches and talks."""

    def __init__(self, *, channel: bool = True, video: str | None = "recvonly") -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.heard: list[str | bytes] = []
        self.news = asyncio.Event()
        self.frames = 0
        self._watching: asyncio.Task[None] | None = None
        self.channel: RTCDataChannel | None = None
        if channel:
            self.channel = self.pc.createDataChannel("parameters")
            self.channel.on("message", self._hear)
            self.channel.on("open", self.news.set)
        if video is not None:
            self.pc.addTransceiver("video", direction=video)
        self.pc.on("track", self._watch)
        if self.pc.getTransceivers():
            end_consent_with(self.ice)  # aiortc clients leak it too

    @property
    def ice(self) -> Any:
        transceivers = self.pc.getTransceivers()
        return transceivers[0].receiver.transport.transport._connection

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return str(self.pc.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def may_talk(self, *, within_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(within_s):
            while self.channel is not None and self.channel.readyState != "open":
                self.news.clear()
                await self.news.wait()

    async def hears(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while text not in self.heard:
                self.news.clear()
                await self.news.wait()

    async def sees(self, frames: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.frames < frames:
                self.news.clear()
                await self.news.wait()

    async def close(self) -> None:
        await self.pc.close()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    def _hear(self, message: str | bytes) -> None:
        self.heard.append(message)
        self.news.set()

    def _watch(self, track: MediaStreamTrack) -> None:
        self._watching = asyncio.ensure_future(self._count(track))

    async def _count(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                await track.recv()
                self.frames += 1
                self.news.set()


class Studio:
    """Sends moving pictures to a peer, a keyframe whenever its owner was asked for one."""

    def __init__(self, peer: Peer, owner: Owner) -> None:
        self._peer, self._owner = peer, owner
        self._encoder = VideoEncoder(peer.codec, format=FORMAT, bitrate_kbps=600)
        noise = np.random.default_rng(3).integers(0, 256, (16, 24, 3), np.uint8)
        self._picture = noise.repeat(8, axis=0).repeat(8, axis=1)
        self._asked = 0
        self.index = 0

    def frame(self, *, keyframe: bool = False) -> EncodedFrame:
        asked = len(self._owner.values("keyframe_wanted"))
        keyframe, self._asked = keyframe or asked > self._asked, asked
        pixels = np.roll(self._picture, self.index * 4, axis=1)
        picture = Picture(pixels, pts=self.index * 3000, index=self.index, revision=0)
        frame = self._encoder.encode(picture, keyframe=keyframe)
        assert frame is not None
        self.index += 1
        return frame

    async def play(self, frames: int | None = None) -> None:
        """Push at 30 fps by the clock."""
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        for number in itertools.count() if frames is None else range(frames):
            self._peer.push(self.frame())
            await asyncio.sleep(max(0.0, start_s + (number + 1) * PERIOD_S - loop.time()))

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        """Push all the time while the block runs."""
        task = asyncio.ensure_future(self.play())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


Make = Callable[..., Peer]


def make_peer(owner: Owner, config: PeerConfig | None = None, *, loopback: bool = True) -> Peer:
    return Peer(
        id="p1",
        config=config or PeerConfig(),
        events=owner,
        clock=MonotonicClock(),
        client_is_loopback=loopback,
    )


@asynccontextmanager
async def joined(
    config: PeerConfig | None = None,
    *,
    client: Client | None = None,
    prefer: Codec | None = None,
    within_s: float = PATIENCE_S,
) -> AsyncIterator[tuple[Peer, Owner, Client]]:
    """A peer and a client that are connected; both closed afterwards."""
    owner, client = Owner(), client or Client()
    peer = make_peer(owner, config)
    try:
        await client.accept(await peer.answer(await client.offer(), codec_preference=prefer))
        await owner.heard("connected", within_s=within_s)
        if client.channel is not None:
            await owner.heard("channel_opened", within_s=within_s)
            await client.may_talk(within_s=within_s)
        yield peer, owner, client
    finally:
        await peer.close()
        await client.close()

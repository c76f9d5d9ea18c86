"""One task per stream: frames from the engine, at their due time, to everybody who watches.

Decides when a frame is encoded and sent, and whether the engine is to make more: only while
somebody watches and the stream is not held. It does not know prompts, notices or HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scope.clock import Clock
from scope.engine.api import StreamHandle
from scope.frames import VIDEO_CLOCK_HZ, Codec, EncodedFrame, Frame
from scope.media.encoder import EncoderPool, Picture
from scope.sessions.lane import Lane, Listener
from scope.sessions.reel import Reel, Shot

STILL_AFTER_S = 0.3
"""A viewer who needs a picture while none flow gets the last one again after this long."""
STILL_EVERY_S = 1.0
"""And everybody who watches a picture that stands still gets it again this often."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A frame that went out just now."""

    frame: Frame
    pts: int
    now_s: float


class Player:
    """Plays one stream to its peers. `sent` is called for each frame that went out."""

    def __init__(
        self,
        *,
        handle: StreamHandle,
        pool: EncoderPool,
        clock: Clock,
        sent: Callable[[Sent], None],
    ) -> None:
        self._handle = handle
        self._pool = pool
        self._clock = clock
        self._sent = sent
        self._reel = Reel(handle=handle, clock=clock)
        self._lanes: dict[Codec, Lane] = {}
        self._running = asyncio.Event()
        self._due: asyncio.Future[None] | None = None  # the time the next frame is due
        self._held = False
        self._resting = False
        self._unwatched = False
        self._encoding = asyncio.Lock()
        self._last: Frame | None = None
        self._last_sent_s = float("-inf")
        self._last_pts = -1

    @property
    def bitrate_kbps(self) -> int:
        """What all encoders of the stream aim at together."""
        return sum(lane.bitrate_kbps for lane in self._lanes.values() if lane.has_listeners())

    @property
    def last_frame(self) -> Frame | None:
        """The newest frame that was shown."""
        return self._last

    @property
    def is_running(self) -> bool:
        """Whether pictures are wanted now."""
        return self._running.is_set()

    # Who watches.

    def add(self, peer: Listener) -> None:
        """`peer` is connected."""
        lane = self._lanes.get(peer.codec)
        if lane is None:
            lane = Lane(peer.codec, video=self._handle.format, pool=self._pool)
            self._lanes[peer.codec] = lane
        lane.add(peer)
        self._decide()

    def remove(self, peer: Listener) -> None:
        """`peer` is gone."""
        lane = self._lane_of(peer)
        if lane is None:
            return
        lane.remove(peer.id)
        if not len(lane):
            del self._lanes[peer.codec]
            lane.close()
        self._decide()

    def quieten(self, peer: Listener, quiet: bool) -> None:
        """`peer` gives no sign of life, or does so again."""
        if lane := self._lane_of(peer):
            lane.quieten(peer.id, quiet)
            self._decide()

    def keyframe_wanted(self, peer: Listener) -> None:
        """`peer` lost the picture."""
        if lane := self._lane_of(peer):
            lane.keyframe_wanted = True

    def estimated(self, peer: Listener, kbps: int) -> None:
        """What the path to `peer` bears."""
        if lane := self._lane_of(peer):
            lane.estimated(peer.id, kbps, now_s=self._clock.now())

    def play_unwatched(self) -> None:
        """Play on whether or not anybody watches."""
        self._unwatched = True
        self._decide()

    def hold(self, held: bool) -> None:
        """Stand still on the picture shown, or go on."""
        self._held = held
        self._decide()

    def rest(self, resting: bool) -> None:
        """Want no pictures, whoever listens, or go on."""
        self._resting = resting
        self._decide()

    def _lane_of(self, peer: Listener) -> Lane | None:
        return self._lanes.get(peer.codec)

    def _decide(self) -> None:
        watched = self._unwatched or any(lane.has_listeners() for lane in self._lanes.values())
        wanted = watched and not self._held and not self._resting
        if wanted == self._running.is_set():
            return
        if wanted:
            self._reel.start()
            self._running.set()
        else:
            self._halt()
            self._reel.stop()

    def _halt(self) -> None:
        self._running.clear()
        if self._due is not None:
            _resolve(self._due)

    # Playing.

    async def run(self) -> None:
        """Play until the stream ends."""
        async with asyncio.TaskGroup() as group:
            stills = group.create_task(self._repeat_stills())
            await self._play()
            stills.cancel()

    def close(self) -> None:
        """Free the encoders."""
        for lane in self._lanes.values():
            lane.close()
        self._lanes.clear()
        self._halt()

    async def _play(self) -> None:
        while True:
            await self._running.wait()
            frame = await self._reel.next()
            if frame is None:
                return
            await self._running.wait()
            await self._show(frame)

    async def _show(self, first: Frame) -> None:
        """Encode ahead and send when due, or at once when a halt comes before that."""
        shots = self._reel.shots(first, after_pts=self._last_pts)
        async with self._encoding:
            begun_s = self._clock.now()
            packets = await self._encode(shots)
            self._reel.ahead.took(self._clock.now() - begun_s, frames=len(shots))
            for shot in shots:
                await self._until(shot.due_s)
                self._last = shot.frame
                self._push(packets, shot.pts)
                self._sent(Sent(shot.frame, shot.pts, self._last_sent_s))

    async def _until(self, due_s: float) -> None:
        delay_s = due_s - self._clock.now()
        if delay_s <= 0 or not self._running.is_set():
            return
        loop = asyncio.get_running_loop()
        self._due = due = loop.create_future()
        timer = loop.call_later(delay_s, _resolve, due)
        try:
            await due
        finally:
            timer.cancel()

    async def _encode(self, shots: Sequence[Shot]) -> list[EncodedFrame]:
        now_s = self._clock.now()
        pictures = [
            Picture(shot.frame.pixels, shot.pts, shot.frame.index, shot.frame.revision)
            for shot in shots
        ]
        lanes = [lane for lane in self._lanes.values() if lane.has_listeners()]
        if len(lanes) == 1:
            return await lanes[0].encode(pictures, now_s=now_s)
        encoded = await asyncio.gather(*(lane.encode(pictures, now_s=now_s) for lane in lanes))
        return [packet for packets in encoded for packet in packets]

    def _push(self, packets: Iterable[EncodedFrame], pts: int) -> None:
        self._last_pts = pts
        self._last_sent_s = self._clock.now()
        for packet in packets:
            if packet.pts == pts and (lane := self._lanes.get(packet.codec)):
                lane.push(packet)

    # Stills.

    async def _repeat_stills(self) -> None:
        """While no frames flow, show the last one again now and then.

        It lets a viewer who comes late see something, mends a picture whose last packets were
        lost, and shows that the peers are still there.
        """
        while True:
            await asyncio.sleep(STILL_AFTER_S)
            lanes = [lane for lane in self._lanes.values() if lane.has_listeners()]
            idle_s = self._clock.now() - self._last_sent_s
            wanted = any(lane.keyframe_wanted for lane in lanes)
            if lanes and idle_s >= (STILL_AFTER_S if wanted else STILL_EVERY_S):
                await self._show_still()

    async def _show_still(self) -> None:
        async with self._encoding:
            frame = self._last or self._first()
            if frame is None:
                return
            now_s = self._clock.now()
            since_s = now_s - self._last_sent_s if self._last_pts >= 0 else 0.0
            if self._last_pts >= 0 and since_s < STILL_AFTER_S:
                return
            self._last = frame
            pts = self._last_pts + max(1, round(since_s * VIDEO_CLOCK_HZ))
            self._push(await self._encode([Shot(frame, now_s, pts)]), pts)

    def _first(self) -> Frame | None:
        """The first picture of a stream that was held before it showed any."""
        return self._reel.next_nowait() if self._held else None


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

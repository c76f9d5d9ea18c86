"""What arrives on the wire, frame by frame, without decrypting or decoding it.

The RTP header travels in the clear, so the marker bit (last packet of a frame), the timestamp
and the size are read from the datagrams themselves, before SRTP. A tap can also drop them
there: then a viewer costs the machine almost nothing. Knows nothing of HTTP or of pictures.
"""

import asyncio
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

from aiortc import RTCRtpReceiver
from aiortc.rtp import RTCP_PSFB_APP, RtcpPsfbPacket, pack_remb_fci

RTP_HEADER = struct.Struct("!BBHLL")
WRAP = 1 << 32
PRIVATE = "_RTCRtpReceiver__"  # names of aiortc 1.16 that have no public counterpart


@dataclass(frozen=True, slots=True)
class WireFrame:
    """One frame as received. arrival_s: CLOCK_MONOTONIC of its last packet."""

    timestamp: int
    arrival_s: float
    size: int
    packets: int


class Tap:
    """Counts frames between the ICE transport and DTLS of one receiver.

    unread: drop every RTP packet after counting it; reports still go out, as from any viewer.
    remb_kbps: sent once a second in place of the receiver's own estimate, so that the rate of
    the server is the same in every run.
    """

    def __init__(
        self, receiver: RTCRtpReceiver, *, unread: bool, remb_kbps: int | None = None
    ) -> None:
        self.frames: list[WireFrame] = []
        self.packets = 0
        self.lost = 0
        self._receiver = receiver
        self._unread = unread
        self._remb_kbps = remb_kbps
        self._size = 0
        self._count = 0
        self._epoch = 0
        self._last_timestamp: int | None = None
        self._next_sequence: int | None = None
        self._ssrc: int | None = None
        self._media: int | None = None  # payload type of the video; the first one seen
        self._report = SimpleNamespace(fraction_lost=0, packets_lost=0, max_seq=0, jitter=0)
        self._listeners: list[Callable[[WireFrame], None]] = []
        # aiortc's own estimate would follow every hiccup of this busy machine.
        setattr(receiver, f"{PRIVATE}remote_bitrate_estimator", None)
        ice = receiver.transport.transport
        self._receive = ice._recv
        ice._recv = self._recv
        self._task = asyncio.get_running_loop().create_task(self._estimate())

    def on_frame(self, listener: Callable[[WireFrame], None]) -> None:
        """Call `listener` with every complete frame from now on."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Stop sending estimates."""
        self._task.cancel()

    async def _recv(self) -> bytes:
        while True:
            data: bytes = await self._receive()
            if not _is_rtp(data):
                return data
            self._take(data)
            if not self._unread:
                return data

    def _take(self, data: bytes) -> None:
        _, second, sequence, timestamp, ssrc = RTP_HEADER.unpack_from(data)
        payload_type = second & 0x7F
        if self._media is None:
            self._media, self._ssrc = payload_type, ssrc
            self._adopt(ssrc)
        if payload_type != self._media:
            return  # a retransmission
        self.packets += 1
        self._report.max_seq = self._follow(sequence)
        if self._count == 0:
            self._epoch += self._wrapped(timestamp)
        self._last_timestamp = timestamp
        self._size += len(data)
        self._count += 1
        if second & 0x80:
            self._complete(timestamp)

    def _complete(self, timestamp: int) -> None:
        frame = WireFrame(timestamp + self._epoch, time.monotonic(), self._size, self._count)
        self._size = self._count = 0
        self.frames.append(frame)
        for listener in self._listeners:
            listener(frame)

    def _wrapped(self, timestamp: int) -> int:
        last = self._last_timestamp
        return WRAP if last is not None and last - timestamp > WRAP // 2 else 0

    def _follow(self, sequence: int) -> int:
        """Count gaps; packets that come late are rare on one machine and count as lost."""
        if self._next_sequence is not None:
            gap = (sequence - self._next_sequence) & 0xFFFF
            if gap < 0x8000:
                self.lost += gap
                self._report.packets_lost = self.lost
        self._next_sequence = (sequence + 1) & 0xFFFF
        return sequence

    def _adopt(self, ssrc: int) -> None:
        """Packets that are dropped here would leave the receiver nothing to report."""
        if self._unread:
            getattr(self._receiver, f"{PRIVATE}remote_streams")[ssrc] = self._report

    async def _estimate(self) -> None:
        while self._remb_kbps is not None:
            await asyncio.sleep(1)
            if self._ssrc is None:
                continue
            own_ssrc = getattr(self._receiver, f"{PRIVATE}rtcp_ssrc")
            remb = pack_remb_fci(self._remb_kbps * 1000, [self._ssrc])
            await self._receiver._send_rtcp(
                RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=own_ssrc, media_ssrc=0, fci=remb)
            )


def _is_rtp(data: bytes) -> bool:
    """First byte 128..191 is RTP or RTCP; RTCP types lie in 192..223 of the second byte."""
    return len(data) >= RTP_HEADER.size and 127 < data[0] < 192 and not 192 <= data[1] <= 223

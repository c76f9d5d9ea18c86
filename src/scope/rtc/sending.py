"""Sends one peer its pictures: from the track to packets on the wire.

A picture goes out in the moment it is given, all its packets in one go, with one header
extension and one look at the clock. It does not know the connection, only that `Wire` leads
there.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Protocol

from aiortc.mediastreams import MediaStreamError

from scope.frames import Codec, EncodedFrame
from scope.rtc.packetizer import Packetizer
from scope.rtc.rtp_stream import RtpStream
from scope.rtc.track import GeneratedVideoTrack


class Wire(Protocol):
    """The way to the peer, without an await: a datagram is sent or lost."""

    @property
    def ssrc(self) -> int:
        """Of the stream."""
        ...

    @property
    def resend_ssrc(self) -> int:
        """Of the stream that carries what is sent again."""
        ...

    @property
    def resend_payload_type(self) -> int | None:
        """None when the peer knows no such stream."""
        ...

    def stamp(self) -> bytes:
        """Note the time as that of the next picture; the header extensions that say so."""
        ...

    def send(self, packets: Sequence[bytes], *, timestamp: int, octets: int) -> bool:
        """Send one picture; False when too much waits already and it was not.

        octets: of the picture, without headers. Raises ConnectionError when there is no way
        to the peer.
        """
        ...

    def send_again(self, packet: bytes) -> None:
        """Send a packet that has been counted before. Raises as `send`."""
        ...


class Sending:
    """The sending side of one peer's video."""

    def __init__(self, track: GeneratedVideoTrack, *, codec: Codec, wire: Wire) -> None:
        self._track = track
        self._wire = wire
        self._packetizer = Packetizer(codec)
        self._stream: RtpStream | None = None

    def rtp_timestamp(self, pts: int) -> int | None:
        """`pts` as on the wire; None before anything was sent."""
        return self._stream.timestamp(pts) if self._stream else None

    async def run(self, payload_type: int) -> None:
        """Send what the track is given until it ends."""
        stream = RtpStream(ssrc=self._wire.ssrc, payload_type=payload_type)
        self._track.send_to(partial(self._send, stream))
        with suppress(MediaStreamError):
            await self._track.recv()

    def _send(self, stream: RtpStream, frame: EncodedFrame) -> bool:
        wire = self._wire
        payloads = self._packetizer.payloads(frame.data)
        packets = stream.packets(payloads, pts=frame.pts, extension=wire.stamp())
        octets = sum(map(len, payloads))
        try:
            sent = wire.send(packets, timestamp=stream.timestamp(frame.pts), octets=octets)
        except ConnectionError:
            self._track.stop()
            return True
        self._stream = stream
        return sent

    def resend(self, sequence: int) -> None:
        """The peer has not got that packet."""
        wire, stream = self._wire, self._stream
        if stream is None:
            return
        packet = stream.again(
            sequence, ssrc=wire.resend_ssrc, payload_type=wire.resend_payload_type
        )
        if packet is not None:
            with suppress(ConnectionError):
                wire.send_again(packet)

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from aiortc.rtp import RtpPacket

from scope.frames import EncodedFrame
from scope.rtc.sending import Sending
from scope.rtc.track import GeneratedVideoTrack

Run = Callable[[Coroutine[Any, Any, None]], None]


class Line:
    """A `Wire` that keeps what it is given."""

    ssrc = 11
    resend_ssrc = 22
    resend_payload_type: int | None = 98

    def __init__(self) -> None:
        self.sent: list[RtpPacket] = []
        self.again: list[RtpPacket] = []
        self.octets = 0
        self.full = False
        self.broken = False

    def stamp(self) -> bytes:
        return b""

    def send(self, packets: Sequence[bytes], *, timestamp: int, octets: int) -> bool:
        if self.broken:
            raise ConnectionError
        if not self.full:
            self.sent += [RtpPacket.parse(packet) for packet in packets]
            self.octets += octets
            assert {packet.timestamp for packet in self.sent[-len(packets) :]} == {timestamp}
        return not self.full

    def send_again(self, packet: bytes) -> None:
        if self.broken:
            raise ConnectionError
        self.again.append(RtpPacket.parse(packet))


class Show:
    """A track, its sending and the line, running."""

    def __init__(self) -> None:
        self.track, self.line = GeneratedVideoTrack(), Line()
        self.sending = Sending(self.track, codec="VP8", wire=self.line)
        self.task = asyncio.ensure_future(self.sending.run(96))

    def push(self, index: int, size: int = 3000) -> bool:
        data = bytes([index]) * size
        return self.track.push(EncodedFrame(data, "VP8", index * 3000, index == 0, index, 0))


def test_a_picture_is_on_the_wire_when_push_returns(run: Run) -> None:
    async def scenario() -> None:
        show = Show()
        show.push(0)
        assert show.line.sent == []
        assert show.sending.rtp_timestamp(0) is None
        await asyncio.sleep(0)
        assert [packet.marker for packet in show.line.sent] == [0, 0, 1]
        show.push(1)
        assert len(show.line.sent) == 6
        assert show.line.octets == sum(len(packet.payload) for packet in show.line.sent)
        origin = show.line.sent[0].timestamp
        assert show.line.sent[5].timestamp == (origin + 3000) % 2**32
        assert show.sending.rtp_timestamp(3000) == (origin + 3000) % 2**32
        show.track.stop()
        await show.task

    run(scenario())


def test_a_full_line_skips_to_a_keyframe(run: Run) -> None:
    async def scenario() -> None:
        show = Show()
        await asyncio.sleep(0)
        assert show.push(0)
        show.line.full = True
        assert not show.push(1)
        show.line.full = False
        assert not show.push(2)
        assert show.push(0)
        show.track.stop()
        await show.task

    run(scenario())


def test_a_broken_line_ends_the_sending_and_harms_nobody(run: Run) -> None:
    async def scenario() -> None:
        show = Show()
        await asyncio.sleep(0)
        show.push(0)
        show.line.broken = True
        assert show.push(1)
        show.sending.resend(show.line.sent[0].sequence_number)
        await show.task
        assert show.push(2)

    run(scenario())


def test_a_lost_packet_is_sent_again(run: Run) -> None:
    async def scenario() -> None:
        show = Show()
        show.sending.resend(5)
        await asyncio.sleep(0)
        show.push(0)
        lost = show.line.sent[1]
        show.sending.resend(lost.sequence_number)
        show.sending.resend((lost.sequence_number + 100) % 2**16)
        (again,) = show.line.again
        assert (again.ssrc, again.payload_type) == (22, 98)
        assert again.payload == lost.sequence_number.to_bytes(2) + lost.payload
        show.track.stop()
        await show.task

    run(scenario())

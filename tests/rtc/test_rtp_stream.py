import struct

from aiortc.rtp import (
    HeaderExtensions,
    HeaderExtensionsMap,
    RtpPacket,
    pack_header_extensions,
    unwrap_rtx,
    wrap_rtx,
)
from hypothesis import given
from hypothesis import strategies as st

from scope.rtc.rtp_stream import KEPT_PACKETS, RtpStream, extension_block

SSRC, PAYLOAD_TYPE = 0xCAFE, 97
EXTENSION = extension_block(*pack_header_extensions([(3, b"0"), (2, b"abc")]))


def stream() -> RtpStream:
    return RtpStream(ssrc=SSRC, payload_type=PAYLOAD_TYPE)


payloads_of_a_picture = st.lists(st.binary(min_size=1, max_size=1200), min_size=1, max_size=20)


@given(payloads_of_a_picture, st.integers(0, 2**40), st.sampled_from([b"", EXTENSION]))
def test_the_library_reads_our_packets_as_we_meant_them(
    payloads: list[bytes], pts: int, extension: bytes
) -> None:
    made = stream()
    packets = [RtpPacket.parse(p) for p in made.packets(payloads, pts=pts, extension=extension)]
    assert [packet.payload for packet in packets] == payloads
    assert [packet.marker for packet in packets] == [0] * (len(packets) - 1) + [1]
    assert {packet.timestamp for packet in packets} == {(made.origin + pts) % 2**32}
    assert {(packet.ssrc, packet.payload_type) for packet in packets} == {(SSRC, PAYLOAD_TYPE)}
    first = packets[0].sequence_number
    numbers = [packet.sequence_number for packet in packets]
    assert numbers == [(first + n) % 2**16 for n in range(len(packets))]
    assert first < 2**15


def test_extensions_are_where_the_library_looks_for_them() -> None:
    known = HeaderExtensionsMap()
    ids = known._HeaderExtensionsMap__ids  # type: ignore[attr-defined]
    ids.mid, ids.abs_send_time = 4, 2
    block = extension_block(*known.set(HeaderExtensions(mid="video", abs_send_time=0x123456)))
    (packet,) = stream().packets([b"x"], pts=0, extension=block)
    read = RtpPacket.parse(packet, known)
    assert (read.extensions.mid, read.extensions.abs_send_time) == ("video", 0x123456)
    assert extension_block(0, b"") == b""


@given(payloads_of_a_picture, st.sampled_from([b"", EXTENSION]))
def test_what_is_sent_again_is_what_the_library_would_send(
    payloads: list[bytes], extension: bytes
) -> None:
    made = stream()
    for packet in made.packets(payloads, pts=7, extension=extension):
        sent = RtpPacket.parse(packet)
        again = made.again(sent.sequence_number, ssrc=5, payload_type=98)
        assert again is not None
        resent = RtpPacket.parse(again)
        expected = wrap_rtx(
            sent, payload_type=98, sequence_number=resent.sequence_number, ssrc=5
        ).serialize()
        assert RtpPacket.parse(expected).payload == resent.payload
        assert again[12 : 12 + len(extension)] == extension
        back = unwrap_rtx(resent, payload_type=PAYLOAD_TYPE, ssrc=SSRC)
        assert back.serialize() == sent.serialize()


def test_packets_sent_again_are_numbered_one_by_one() -> None:
    made = stream()
    (packet,) = made.packets([b"x"], pts=0, extension=b"")
    number = RtpPacket.parse(packet).sequence_number
    twice = [made.again(number, ssrc=5, payload_type=98) for _ in range(2)]
    first, second = (RtpPacket.parse(again or b"").sequence_number for again in twice)
    assert (second - first) % 2**16 == 1


def test_a_peer_without_a_stream_for_it_gets_the_same_packet_again() -> None:
    made = stream()
    (packet,) = made.packets([b"x"], pts=0, extension=b"")
    number = struct.unpack_from("!H", packet, 2)[0]
    assert made.again(number, ssrc=5, payload_type=None) == packet


def test_only_the_last_packets_are_kept() -> None:
    made = stream()
    first, *rest = made.packets([b"x"] * (KEPT_PACKETS + 1), pts=0, extension=b"")
    numbers = [struct.unpack_from("!H", packet, 2)[0] for packet in (first, *rest)]
    assert made.again(numbers[0], ssrc=5, payload_type=98) is None
    assert made.again(numbers[1], ssrc=5, payload_type=98) is not None
    assert made.again((numbers[-1] + 1) % 2**16, ssrc=5, payload_type=98) is None


def test_numbers_wrap_around() -> None:
    made = stream()
    made._sequence = 0xFFFF
    packets = made.packets([b"a", b"b"], pts=2**32, extension=b"")
    assert [RtpPacket.parse(p).sequence_number for p in packets] == [0xFFFF, 0]
    assert made.timestamp(2**32) == made.origin

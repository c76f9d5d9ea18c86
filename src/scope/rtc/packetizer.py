"""Cuts encoded pictures into RTP payloads (RFC 7741 for VP8, RFC 6184 for H264).

Payloads are small enough that a packet with everything around it passes links of 1,280
bytes (VPNs), which the library's own do not. It knows bytes only, no peers and no time.
"""

import random
from collections.abc import Iterator, Sequence

from scope.frames import Codec

MAX_PAYLOAD_BYTES = 1_160
"""1,230 minus RTP header and extensions (12 + 20), SRTP tag (16) and what RTX adds (2), with
some room."""

_VP8_EXTENDED, _VP8_START, _VP8_HAS_PICTURE_ID = 0x80, 0x10, 0x80
_PICTURE_IDS = 1 << 15
_H264_STAP_A, _H264_FU_A = 24, 28


class Packetizer:
    """Payloads of one stream towards one peer."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._picture_id = random.randrange(_PICTURE_IDS)  # noqa: S311  no secret

    def payloads(self, data: bytes) -> list[bytes]:
        """One encoded picture, cut; the next one gets the next picture id."""
        if self._codec != "VP8":
            return h264_payloads(data)
        picture_id = self._picture_id
        self._picture_id = (picture_id + 1) % _PICTURE_IDS
        return vp8_payloads(data, picture_id)


def vp8_payloads(data: bytes, picture_id: int) -> list[bytes]:
    """`data` in pieces, each behind a descriptor with a 15-bit picture id."""
    rest = bytes((_VP8_HAS_PICTURE_ID, 0x80 | picture_id >> 8, picture_id & 0xFF))
    first = bytes((_VP8_EXTENDED | _VP8_START,)) + rest
    later = bytes((_VP8_EXTENDED,)) + rest
    step = MAX_PAYLOAD_BYTES - len(first)
    return [
        (later if start else first) + data[start : start + step]
        for start in range(0, len(data), step)
    ]


def h264_payloads(data: bytes) -> list[bytes]:
    """Small NAL units joined (STAP-A), large ones fragmented (FU-A), the rest as they are."""
    payloads: list[bytes] = []
    waiting: list[bytes] = []
    size = 1
    for unit in split_annex_b(data):
        if waiting and size + 2 + len(unit) > MAX_PAYLOAD_BYTES:
            payloads.append(_joined(waiting))
            waiting, size = [], 1
        if len(unit) > MAX_PAYLOAD_BYTES:
            payloads += _fragments(unit)
        else:
            waiting.append(unit)
            size += 2 + len(unit)
    if waiting:
        payloads.append(_joined(waiting))
    return payloads


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """NAL units between start codes."""
    start = data.find(b"\x00\x00\x01")
    while start >= 0:
        end = data.find(b"\x00\x00\x01", start + 3)
        unit = data[start + 3 : end if end >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            yield unit
        start = end


def _joined(units: Sequence[bytes]) -> bytes:
    if len(units) == 1:
        return units[0]
    importance = max(unit[0] & 0x60 for unit in units)
    pieces = [bytes((importance | _H264_STAP_A,))]
    for unit in units:
        pieces += (len(unit).to_bytes(2), unit)
    return b"".join(pieces)


def _fragments(unit: bytes) -> list[bytes]:
    indicator, kind = unit[0] & 0xE0 | _H264_FU_A, unit[0] & 0x1F
    count = -(-(len(unit) - 1) // (MAX_PAYLOAD_BYTES - 2))
    step = -(-(len(unit) - 1) // count)
    fragments = []
    for start in range(1, len(unit), step):
        first, last = start == 1, start + step >= len(unit)
        header = bytes((indicator, first << 7 | last << 6 | kind))
        fragments.append(header + unit[start : start + step])
    return fragments

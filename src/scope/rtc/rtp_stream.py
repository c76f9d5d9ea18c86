"""The RTP packets of one sent stream: their headers, and the last of them to send again.

Pure. It numbers packets and keeps them; encrypting, addresses and clocks are not its business.
"""

import random
import struct
from collections.abc import Sequence

KEPT_PACKETS = 512
"""What may be asked for again: about a second at 5 Mbit/s."""

HEADER = struct.Struct("!BBHLL")
EXTENSION = struct.Struct("!HH")
SEQUENCE = struct.Struct("!H")
_VERSION, _EXTENDED, _MARKER = 0x80, 0x10, 0x80


class RtpStream:
    """Numbers begin in the lower half of their range: some receivers decrypt nothing that
    wraps around before they have heard a packet.
    """

    def __init__(self, *, ssrc: int, payload_type: int) -> None:
        self.origin = random.getrandbits(32)
        self._ssrc = ssrc
        self._payload_type = payload_type
        self._sequence = random.getrandbits(15)
        self._resends = random.getrandbits(15)
        self._kept: list[tuple[int, bytes]] = [(-1, b"")] * KEPT_PACKETS

    def timestamp(self, pts: int) -> int:
        """`pts` (90 kHz) as on the wire."""
        return (self.origin + pts) & 0xFFFFFFFF

    def packets(self, payloads: Sequence[bytes], *, pts: int, extension: bytes) -> list[bytes]:
        """One picture. extension: as `extension_block` makes it, the same for all of them."""
        first = _VERSION | (_EXTENDED if extension else 0)
        timestamp = self.timestamp(pts)
        last = len(payloads) - 1
        packets = []
        for number, payload in enumerate(payloads):
            sequence = self._sequence
            kind = self._payload_type | (_MARKER if number == last else 0)
            packet = HEADER.pack(first, kind, sequence, timestamp, self._ssrc) + extension + payload
            self._kept[sequence % KEPT_PACKETS] = (sequence, packet)
            self._sequence = (sequence + 1) & 0xFFFF
            packets.append(packet)
        return packets

    def again(self, sequence: int, *, ssrc: int, payload_type: int | None) -> bytes | None:
        """A packet sent before: as it was, or in a stream of its own (RFC 4588) with the
        payload type of that; None when it is no longer kept.
        """
        kept, packet = self._kept[sequence % KEPT_PACKETS]
        if kept != sequence:
            return None
        if payload_type is None:
            return packet
        first, kind, _, timestamp, _ = HEADER.unpack_from(packet)
        start = HEADER.size
        if first & _EXTENDED:
            start += EXTENSION.size + 4 * EXTENSION.unpack_from(packet, HEADER.size)[1]
        header = HEADER.pack(first, kind & _MARKER | payload_type, self._resends, timestamp, ssrc)
        self._resends = (self._resends + 1) & 0xFFFF
        return header + packet[HEADER.size : start] + SEQUENCE.pack(sequence) + packet[start:]


def extension_block(profile: int, value: bytes) -> bytes:
    """Header extensions as they stand behind the header; nothing where there are none."""
    return EXTENSION.pack(profile, len(value) // 4) + value if value else b""

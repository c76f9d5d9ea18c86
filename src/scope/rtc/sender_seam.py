"""The sending half of aiortc 1.16's `RTCRtpSender`, replaced; see `seams` for the rest.

The library's own loop spends two thirds of its time on what is the same for every packet of a
picture. Sender reports, their accounts and answers to receiver reports stay the library's.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pylibsrtp
from aiortc import RTCRtpSender
from aiortc.rtcdtlstransport import State
from aiortc.rtp import HeaderExtensions

from scope.rtc.datagrams import Datagrams
from scope.rtc.rtp_stream import extension_block
from scope.rtc.seams import Spawn, ice_of, spawning

SENDER, DTLS = "_RTCRtpSender__", "_RTCDtlsTransport__"
NTP_EPOCH_S = 2_208_988_800
SECOND_NS = 1_000_000_000
ABS_SEND_TIME = 0xFFFFFF
MOST_WAITING_BYTES = 500_000
"""A socket that takes nothing more: about what a viewer gets in a second."""


def send_with(
    sender: RTCRtpSender,
    run: Callable[[int], Awaitable[None]],
    resend: Callable[[int], None],
    *,
    spawn: Spawn,
) -> None:
    """Let `run` (told the payload type) send in place of the library, and `resend` again."""

    async def run_rtp(codec: Any) -> None:
        getattr(sender, SENDER + "rtp_started").set()
        try:
            await run(codec.payloadType)
        finally:
            sender.track.stop()
            getattr(sender, SENDER + "rtp_exited").set()

    async def retransmit(sequence_number: int) -> None:
        resend(sequence_number)

    setattr(sender, "_run_rtp", spawning(run_rtp, spawn))  # noqa: B010
    setattr(sender, "_retransmit", retransmit)  # noqa: B010


class SenderWire:
    """See `sending.Wire`: the library's way for packets without its awaits, same accounts."""

    def __init__(self, sender: RTCRtpSender) -> None:
        self._sender = sender
        self._ntp = 0
        self._datagrams: Datagrams | None = None
        self._extension: tuple[bytes, bytes | None] | None = None

    @property
    def ssrc(self) -> int:
        """See `sending.Wire`."""
        return self._sender._ssrc

    @property
    def resend_ssrc(self) -> int:
        """See `sending.Wire`."""
        return self._sender._rtx_ssrc

    @property
    def resend_payload_type(self) -> int | None:
        """See `sending.Wire`."""
        value: int | None = getattr(self._sender, SENDER + "rtx_payload_type")
        return value

    @property
    def round_trip_s(self) -> float | None:
        """Smoothed round-trip time out of receiver reports."""
        value: float | None = getattr(self._sender, SENDER + "rtt")
        return value

    def stamp(self) -> bytes:
        """See `sending.Wire`."""
        if self._extension is None:
            self._extension = self._extension_parts()
        nanoseconds = time.time_ns()
        seconds = nanoseconds // SECOND_NS
        self._ntp = (seconds + NTP_EPOCH_S << 32) + (nanoseconds % SECOND_NS << 32) // SECOND_NS
        before, after = self._extension
        if after is None:
            return before
        return before + (self._ntp >> 14 & ABS_SEND_TIME).to_bytes(3) + after

    def send(self, packets: Sequence[bytes], *, timestamp: int, octets: int) -> bool:
        """See `sending.Wire`; sender reports name the last picture sent and when."""
        if not self._transmit(packets):
            return False
        account = vars(self._sender)
        account[SENDER + "ntp_timestamp"] = self._ntp
        account[SENDER + "rtp_timestamp"] = timestamp
        account[SENDER + "packet_count"] += len(packets)
        account[SENDER + "octet_count"] += octets
        return True

    def send_again(self, packet: bytes) -> None:
        """See `sending.Wire`."""
        self._transmit([packet])

    def _transmit(self, packets: Sequence[bytes]) -> bool:
        dtls = self._sender.transport
        pair = ice_of(dtls.transport)._nominated.get(1)
        if pair is None or dtls._state is not State.CONNECTED:
            raise ConnectionError("there is no way to the peer")
        transport = pair.protocol.transport
        if self._datagrams is None or self._datagrams.transport is not transport:
            self._datagrams = Datagrams(transport)
        if self._datagrams.waiting_bytes > MOST_WAITING_BYTES:
            return False
        try:
            protected = list(map(dtls._tx_srtp.protect, packets))
            self._datagrams.send(protected, pair.remote_addr)
        except (pylibsrtp.Error, OSError) as error:
            raise ConnectionError from error
        account = vars(dtls)
        account[DTLS + "tx_bytes"] += sum(map(len, protected))
        account[DTLS + "tx_packets"] += len(protected)
        return True

    def _extension_parts(self) -> tuple[bytes, bytes | None]:
        """What stands before and after the send time; all before where it is not wanted."""
        known = getattr(self._sender, SENDER + "rtp_header_extensions_map")
        mid = getattr(self._sender, SENDER + "mid")
        extensions = HeaderExtensions(abs_send_time=ABS_SEND_TIME, mid=mid)
        block = extension_block(*known.set(extensions))
        before, stamp, after = block.rpartition(ABS_SEND_TIME.to_bytes(3))
        return (before, after) if stamp else (after, None)

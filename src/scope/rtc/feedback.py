"""What the RTCP packets of a peer mean: keyframes wanted, bits borne, pictures lost.

It does not know what its owner does about it. Retransmissions are bounded here, since a
peer may ask for as many as it likes.
"""

from collections.abc import Callable
from typing import Any

from aiortc import rtp

from scope.clock import Clock
from scope.rtc.liveness import Budget

RESENDS_PER_S = 500
KEYFRAME_REQUESTS = (rtp.RTCP_PSFB_PLI, rtp.RTCP_PSFB_FIR)
LEAST_ESTIMATE_KBPS, MOST_ESTIMATE_KBPS = 1, 1_000_000


class Feedback:
    """Reads the RTCP packets for one sent stream."""

    def __init__(
        self,
        *,
        clock: Clock,
        keyframe_wanted: Callable[[], None],
        bitrate_estimated: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._keyframe_wanted = keyframe_wanted
        self._bitrate_estimated = bitrate_estimated
        self._resends = Budget(limit=RESENDS_PER_S, window_s=1.0)
        self.ssrc = 0
        self.loss: float | None = None

    def take(self, packet: Any) -> None:
        """Read `packet`; a request for too many retransmissions is cut short in place."""
        if isinstance(packet, rtp.RtcpRrPacket | rtp.RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self.ssrc:
                    self.loss = report.fraction_lost / 256
        elif isinstance(packet, rtp.RtcpRtpfbPacket):
            if not self._resends.spend(len(packet.lost), now_s=self._clock.now()):
                packet.lost.clear()
        elif isinstance(packet, rtp.RtcpPsfbPacket):
            if packet.fmt in KEYFRAME_REQUESTS:
                self._keyframe_wanted()
            elif packet.fmt == rtp.RTCP_PSFB_APP:
                self._take_estimate(packet.fci)

    def _take_estimate(self, fci: bytes) -> None:
        try:
            bits, ssrcs = rtp.unpack_remb_fci(fci)
        except ValueError:
            return
        if self.ssrc in ssrcs:
            kbps = bits // 1000
            self._bitrate_estimated(min(max(kbps, LEAST_ESTIMATE_KBPS), MOST_ESTIMATE_KBPS))

from typing import Any

import pytest
from aiortc import rtp

from scope.clock import ManualClock
from scope.rtc.feedback import MOST_ESTIMATE_KBPS, RESENDS_PER_S, Feedback

SSRC = 77


class Ears:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.keyframes = 0
        self.estimates: list[int] = []
        self.feedback = Feedback(
            clock=self.clock,
            keyframe_wanted=self.keyframe,
            bitrate_estimated=self.estimates.append,
        )
        self.feedback.ssrc = SSRC

    def keyframe(self) -> None:
        self.keyframes += 1


def payload_feedback(fmt: int, fci: bytes = b"") -> rtp.RtcpPsfbPacket:
    return rtp.RtcpPsfbPacket(fmt=fmt, ssrc=1, media_ssrc=SSRC, fci=fci)


@pytest.mark.parametrize("fmt", [rtp.RTCP_PSFB_PLI, rtp.RTCP_PSFB_FIR])
def test_both_ways_to_ask_for_a_keyframe_count(fmt: int) -> None:
    ears = Ears()
    ears.feedback.take(payload_feedback(fmt))
    assert ears.keyframes == 1


@pytest.mark.parametrize(("bits", "kbps"), [(1_500_000, 1500), (0, 1), (2**62, MOST_ESTIMATE_KBPS)])
def test_an_estimate_is_heard_and_kept_sane(bits: int, kbps: int) -> None:
    ears = Ears()
    ears.feedback.take(payload_feedback(rtp.RTCP_PSFB_APP, rtp.pack_remb_fci(bits, [SSRC])))
    assert ears.estimates == [pytest.approx(kbps, rel=0.01)]


@pytest.mark.parametrize(
    "fci", [b"", b"REMB", b"REMB\xff", rtp.pack_remb_fci(5000, [SSRC + 1]), b"\x00" * 40]
)
def test_estimates_of_others_and_broken_ones_are_not_heard(fci: bytes) -> None:
    ears = Ears()
    ears.feedback.take(payload_feedback(rtp.RTCP_PSFB_APP, fci))
    assert ears.estimates == []


def report(ssrc: int, lost: int) -> Any:
    block = rtp.RtcpReceiverInfo(
        ssrc=ssrc,
        fraction_lost=lost,
        packets_lost=0,
        highest_sequence=0,
        jitter=0,
        lsr=0,
        dlsr=0,
    )
    return rtp.RtcpRrPacket(ssrc=1, reports=[block])


def test_the_loss_of_our_stream_is_read_from_reports() -> None:
    ears = Ears()
    assert ears.feedback.loss is None
    ears.feedback.take(report(SSRC, 64))
    ears.feedback.take(report(SSRC + 1, 255))
    assert ears.feedback.loss == 0.25


def test_retransmissions_are_bounded_per_second() -> None:
    ears = Ears()
    asked = granted = 0
    for _ in range(100):
        packet = rtp.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=SSRC, lost=list(range(17)))
        ears.feedback.take(packet)
        asked += 17
        granted += len(packet.lost)
    assert granted <= RESENDS_PER_S < asked
    ears.clock.advance(1.1)
    packet = rtp.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=SSRC, lost=[1])
    ears.feedback.take(packet)
    assert packet.lost == [1]

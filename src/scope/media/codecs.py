"""VP8 and H264 as this project opens them: no look-ahead, long GOP, live bit rate.

Decides every codec option. It does not know pictures' numbers or who watches.
Both codecs give one packet per frame at once and never buffer.
"""

from fractions import Fraction
from typing import Any, Protocol, cast

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from scope.frames import VIDEO_CLOCK_HZ, Codec, VideoFormat

GOP_FRAMES = 1_000_000
"""Keyframes are made when somebody asks for one."""

FIRST_FRAME_S = 0.2
"""A keyframe may take about this much of the channel's time, so that it fits receive
buffers and does not hold up the next pictures."""

MICROSECOND = Fraction(1, 1_000_000)
H264_LEVEL_3_1_MACROBLOCKS = 3600
H264_LEVEL_3_1_MACROBLOCKS_PER_S = 108_000


class FrameCodec(Protocol):
    """One video codec, opened."""

    def encode(self, picture: av.VideoFrame, *, gap_s: float, force: bool) -> tuple[bytes, bool]:
        """Encode `picture`, shown `gap_s` after the one before; (data, is a keyframe)."""
        ...

    def set_bitrate(self, kbps: int) -> None:
        """Spend about `kbps` from the next picture on."""
        ...


def open_codec(codec: Codec, *, video: VideoFormat, bitrate_kbps: int) -> FrameCodec:
    """Open `codec`; `bitrate_kbps` is the first and the highest rate."""
    if codec == "VP8":
        return Vp8(video, bitrate_kbps)
    return H264(video, bitrate_kbps)


class Vp8:
    """libvpx in its real-time mode, with a bit rate that changes without a keyframe.

    libvpx spends (rate it was opened with) × (duration it is told) on a picture, and
    libavcodec can not change the former. So the latter is told shorter or longer than it is:
    at half the rate pictures seem to last half as long. It only ever sees this time of its
    own, which also makes the rate hold when pictures come irregularly.
    """

    def __init__(self, video: VideoFormat, bitrate_kbps: int) -> None:
        bits = bitrate_kbps * 1000
        self._context = _context("libvpx", video, bits)
        self._context.time_base = MICROSECOND
        self._context.qmin = 2
        self._context.qmax = 56
        self._context.options = {
            "deadline": "realtime",
            "cpu-used": "-6",  # lower ones ruin moving pictures
            "lag-in-frames": "0",
            "noise-sensitivity": "0",  # a denoiser for cameras: dear, and blurs our pictures
            "error-resilient": "default",
            "minrate": str(bits),  # = maxrate: constant bit rate
            "maxrate": str(bits),
            "bufsize": str(bits // 2),
            "undershoot-pct": "100",
            "overshoot-pct": "15",
            "static-thresh": "1",
            # in percent of an average picture; libvpx overshoots it by about half
            "max-intra-rate": str(round(max(100.0, 60 * FIRST_FRAME_S * video.fps / 1.5))),
        }
        self._opened_kbps = bitrate_kbps
        self._kbps = bitrate_kbps
        self._now_us = 0

    def encode(self, picture: av.VideoFrame, *, gap_s: float, force: bool) -> tuple[bytes, bool]:
        """See `FrameCodec`."""
        duration_us = max(1, round(gap_s * 1e6 * self._kbps / self._opened_kbps))
        self._now_us += duration_us
        picture.pts = self._now_us
        picture.time_base = MICROSECOND
        picture.duration = duration_us
        return _encode(self._context, picture, force=force)

    def set_bitrate(self, kbps: int) -> None:
        """See `FrameCodec`."""
        self._kbps = max(1, kbps)


class H264:
    """x264, constrained baseline (level 3.1 where the size allows), constant bit rate.

    libavcodec hands a changed bit rate on to x264 at once, up to the `maxrate` it was opened
    with.
    """

    def __init__(self, video: VideoFormat, bitrate_kbps: int) -> None:
        bits = bitrate_kbps * 1000
        self._context = _context("libx264", video, bits)
        self._context.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        self._context.profile = "Baseline"
        self._context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "maxrate": str(bits),
            "bufsize": str(round(bits * FIRST_FRAME_S)),
            "sc_threshold": "0",
            # Together a fifth of the work, and 0.1 dB less of moving pictures.
            "subq": "0",
            "aq-mode": "0",
            **({"level": "31"} if fits_level_3_1(video) else {}),
        }
        self._opened_kbps = bitrate_kbps
        self._now = 0

    def encode(self, picture: av.VideoFrame, *, gap_s: float, force: bool) -> tuple[bytes, bool]:
        """See `FrameCodec`."""
        self._now += max(1, round(gap_s * VIDEO_CLOCK_HZ))
        picture.pts = self._now
        picture.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        return _encode(self._context, picture, force=force)

    def set_bitrate(self, kbps: int) -> None:
        """See `FrameCodec`."""
        self._context.bit_rate = min(max(1, kbps), self._opened_kbps) * 1000


def fits_level_3_1(video: VideoFormat) -> bool:
    """Whether H264 level 3.1, all that Safari takes, allows this size and rate."""
    macroblocks = -(-video.width // 16) * -(-video.height // 16)
    return (
        macroblocks <= H264_LEVEL_3_1_MACROBLOCKS
        and macroblocks * video.fps <= H264_LEVEL_3_1_MACROBLOCKS_PER_S
    )


def _context(name: str, video: VideoFormat, bits: int) -> VideoCodecContext:
    context = cast(VideoCodecContext, av.CodecContext.create(cast(Any, name), "w"))
    context.width = video.width
    context.height = video.height
    context.pix_fmt = "yuv420p"
    context.bit_rate = bits
    context.framerate = Fraction(video.fps).limit_denominator(1001)
    context.gop_size = GOP_FRAMES
    context.max_b_frames = 0
    context.thread_count = 1  # several streams share the cores better than several threads
    return context


def _encode(
    context: VideoCodecContext, picture: av.VideoFrame, *, force: bool
) -> tuple[bytes, bool]:
    picture.pict_type = PictureType.I if force else PictureType.NONE
    packets = context.encode(picture)
    data = bytes(packets[0]) if len(packets) == 1 else b"".join(map(bytes, packets))
    return data, any(packet.is_keyframe for packet in packets)

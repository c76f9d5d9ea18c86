"""From RGB pixels to an encoded frame that every peer of a stream shares.

Decides colour conversion, when a wished keyframe is made, and on which threads encoding
runs. It does not know peers, packets or when a frame is due.
"""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from scope.frames import VIDEO_CLOCK_HZ, Codec, EncodedFrame, Pixels, VideoFormat
from scope.media.codecs import open_codec

FORCED_KEYFRAME_GAP_S = 1.0
"""However many peers ask, a stream is not made of keyframes."""

LONGEST_GAP_S = 0.5
"""A pause does not earn the picture after it more bits than this much time."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is encoded: uint8 [H, W, 3], shown at `pts` (90 kHz). See `Frame` for the rest."""

    pixels: Pixels
    pts: int
    index: int
    revision: int


class VideoEncoder:
    """One stream in one codec. Safe to use from one thread after another."""

    def __init__(self, codec: Codec, *, format: VideoFormat, bitrate_kbps: int) -> None:
        self.codec: Codec = codec
        self._nominal_gap_s = 1.0 / format.fps
        self._encoder = open_codec(codec, video=format, bitrate_kbps=bitrate_kbps)
        self._reformatter = VideoReformatter()
        self._lock = threading.Lock()
        self._closed = False
        self._last_pts: int | None = None
        self._last_keyframe_pts: int | None = None
        self._keyframe_wanted = False

    def encode(self, picture: Picture, *, keyframe: bool = False) -> EncodedFrame | None:
        """Encode `picture`; None once closed.

        `pts` rises from call to call. A wished `keyframe` is made at once, or as soon as the
        last one is a second old.
        """
        pts = picture.pts
        with self._lock:
            if self._closed:
                return None
            self._keyframe_wanted |= keyframe
            force = self._keyframe_wanted and self._may_force(pts)
            data, is_keyframe = self._encoder.encode(
                self._to_yuv(picture.pixels), gap_s=self._gap_s(pts), force=force
            )
            self._last_pts = pts
            if is_keyframe:
                self._last_keyframe_pts = pts
                self._keyframe_wanted = False
        return EncodedFrame(
            data=data,
            codec=self.codec,
            pts=pts,
            keyframe=is_keyframe,
            index=picture.index,
            revision=picture.revision,
        )

    def encode_all(
        self, pictures: Sequence[Picture], *, keyframe: bool = False
    ) -> list[EncodedFrame]:
        """Several in order, the wished keyframe as early as may be; none once closed."""
        made = []
        for picture in pictures:
            encoded = self.encode(picture, keyframe=keyframe)
            keyframe = False
            if encoded is not None:
                made.append(encoded)
        return made

    def set_bitrate(self, kbps: int) -> None:
        """Spend about `kbps` from the next frame on; costs nothing and forces no keyframe."""
        with self._lock:
            if not self._closed:
                self._encoder.set_bitrate(kbps)

    def close(self) -> None:
        """Free the codec; safe to call twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                del self._encoder, self._reformatter

    def _may_force(self, pts: int) -> bool:
        last = self._last_keyframe_pts
        return last is None or pts - last >= FORCED_KEYFRAME_GAP_S * VIDEO_CLOCK_HZ

    def _gap_s(self, pts: int) -> float:
        if self._last_pts is None:
            return self._nominal_gap_s
        return min((pts - self._last_pts) / VIDEO_CLOCK_HZ, LONGEST_GAP_S)

    def _to_yuv(self, pixels: Pixels) -> av.VideoFrame:
        rgb = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), format="rgb24")
        # One thread: the scaler's own threads cost 3.5 times as much and are never joined.
        # POINT: colour is averaged over pairs of pixels and taken from every other line; that
        # saves a third and costs no measurable quality but on a picture of grain.
        return self._reformatter.reformat(
            rgb,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU601,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.POINT,
            threads=1,
        )


class EncoderPool:
    """The few threads all encoders of the server share, so that none runs on the event loop."""

    def __init__(self, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="encoder")

    async def run(
        self, encoder: VideoEncoder, pictures: Sequence[Picture], *, keyframe: bool = False
    ) -> list[EncodedFrame]:
        """`encoder.encode_all` on a thread of the pool."""
        loop = asyncio.get_running_loop()
        work = partial(encoder.encode_all, pictures, keyframe=keyframe)
        return await loop.run_in_executor(self._executor, work)

    def close(self) -> None:
        """Let running encodes end and the threads with them; waits for neither."""
        self._executor.shutdown(wait=False, cancel_futures=True)

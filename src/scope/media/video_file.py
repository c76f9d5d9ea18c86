"""Pictures as an MP4 for keeping: good quality, plays everywhere, the same bytes every time.

Decides the encoder's settings and that a file appears under its name only once it can be
played. It does not know where the pictures come from.
"""

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from scope.frames import Pixels, VideoFormat

QUALITY_CRF = 18
BT709 = 1
ENCODER_THREADS = 4
"""Fixed, because x264 writes it into the file and may decide differently with another count."""


class VideoFile:
    """An MP4 in the making, beside its place until `close`."""

    def __init__(
        self, path: Path, *, video: VideoFormat, title: str = "", comment: str = ""
    ) -> None:
        """Raises OSError where nothing can be written."""
        self._path = path
        self._part = path.with_name(f".{path.name}.part")
        self._part.open("wb").close()  # a plain OSError, where the library's own says less
        self._container = av.open(
            str(self._part),
            "w",
            format="mp4",
            options={"movflags": "+faststart", "fflags": "+bitexact"},
        )
        self._container.metadata.update({"title": title, "comment": comment})
        self._rate = Fraction(video.fps).limit_denominator(1001)
        self._stream = self._opened(video)
        self._reformatter = VideoReformatter()
        self.frames = 0

    def add(self, pixels: Pixels) -> None:
        """The next picture, uint8 [H, W, 3]."""
        rgb = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        picture = self._reformatter.reformat(
            rgb,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA,
            threads=1,
        )
        picture.pts = self.frames
        picture.time_base = 1 / self._rate
        self.frames += 1
        self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        """Complete the file and give it its name. Raises OSError."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._part.replace(self._path)

    def discard(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(OSError, av.FFmpegError):
            self._container.close()
        self._part.unlink(missing_ok=True)

    def _opened(self, video: VideoFormat) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=cast(Any, self._rate))
        stream.width, stream.height = video.width, video.height
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / self._rate
        context.thread_count = ENCODER_THREADS
        context.color_range = ColorRange.MPEG
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.options = {"crf": str(QUALITY_CRF), "preset": "medium"}
        return stream

"""A recording: packets that were encoded for viewers anyway, as an MP4.

Decides the container: fragments of half a second, each written out at once, so that a file
plays however its writer ended. It encodes nothing and does not know who else gets the packets.
Everything here blocks on the disk and belongs on a thread.
"""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.video.stream import VideoStream

from scope.frames import VIDEO_CLOCK_HZ, EncodedFrame, VideoFormat

FRAGMENT_US = 500_000
TIME_BASE = Fraction(1, VIDEO_CLOCK_HZ)


class RecordingFile:
    """One file; its first picture must be a keyframe. bytes: written so far, about."""

    def __init__(self, path: Path, *, video: VideoFormat) -> None:
        """Raises OSError where nothing can be written."""
        path.open("xb").close()  # a plain OSError, and never over another recording
        self._video = video
        self._container = av.open(
            str(path),
            "w",
            format="mp4",
            options={
                "movflags": "empty_moov+default_base_moof",
                "frag_duration": str(FRAGMENT_US),
                "flush_packets": "1",
                "fflags": "+bitexact",
            },
        )
        rate = Fraction(video.fps).limit_denominator(1001)
        stream = self._container.add_mux_stream(
            "h264",
            rate=cast(Any, rate),
            width=video.width,
            height=video.height,
            time_base=TIME_BASE,
        )
        self._stream = cast(VideoStream, stream)
        self._first_pts: int | None = None
        self._last_pts = 0
        self.bytes = 0

    @property
    def seconds(self) -> float:
        """From the first picture to the end of the last."""
        if self._first_pts is None:
            return 0.0
        return (self._last_pts - self._first_pts) / VIDEO_CLOCK_HZ + 1 / self._video.fps

    def add(self, frames: Iterable[EncodedFrame]) -> None:
        """The next pictures in order. Raises OSError where the disk takes no more."""
        for frame in frames:
            if self._first_pts is None:
                self._first_pts = frame.pts
            self._last_pts = frame.pts
            packet = av.Packet(frame.data)
            packet.stream = self._stream
            packet.time_base = TIME_BASE
            packet.pts = packet.dts = frame.pts - self._first_pts
            packet.duration = round(VIDEO_CLOCK_HZ / self._video.fps)
            packet.is_keyframe = frame.keyframe
            self._container.mux(packet)
            self.bytes += len(frame.data)

    def close(self) -> None:
        """Write the end of the file. Raises OSError."""
        self._container.close()

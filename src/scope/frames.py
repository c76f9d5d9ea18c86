"""Pictures and packets on their way from the model to the peers.

Legend: T frames, H rows, W columns, C = 3 (RGB, uint8).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Codec = Literal["VP8", "H264"]

VIDEO_CLOCK_HZ = 90_000


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """Size in pixels (even) and nominal rate of a stream in frames per second."""

    width: int
    height: int
    fps: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive frames made in one go, or one piece of them.

    pixels: uint8 [T, H, W, 3]. first_index: number of the first frame in its stream.
    revision: the newest control update the pixels were made with. seconds: generation
    time of the whole chunk so far. chunk: number of the chunk in its stream.
    last_piece: True on the piece that completes the chunk.
    produced_s: CLOCK_MONOTONIC when the pixels left the pipeline.
    """

    pixels: Pixels
    first_index: int
    revision: int
    seconds: float
    chunk: int
    last_piece: bool
    produced_s: float

    def __len__(self) -> int:
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture. pixels: uint8 [H, W, 3]; see `Chunk` for the rest."""

    pixels: Pixels
    index: int
    revision: int
    chunk: int
    produced_s: float


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One encoded picture as every peer and the recording get it.

    pts: 90 kHz media time of the due time. revision, index: of the `Frame` inside.
    """

    data: bytes
    codec: Codec
    pts: int
    keyframe: bool
    index: int
    revision: int

"""Reads the test card from a decoded frame without converting the whole picture to RGB.

At 60 pictures a second on two cores, the measuring itself must not take what the server needs.
"""

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

from bench.card import BLOCK, Card, read_card

Plane = NDArray[np.uint8]


def number_and_clock(frame: VideoFrame) -> Card | None:
    """The card's two rows, from the luma of the lowest 32 lines; its colour means nothing."""
    strip = _plane(frame, 0)[frame.height - 2 * BLOCK : frame.height]
    return read_card(np.repeat(strip[:, :, None], 3, axis=2))


def patch(frame: VideoFrame) -> tuple[int, int, int]:
    """RGB of the patch, from the medians of its three planes (BT.601, as encoders here write)."""
    light, blue, red = (
        float(np.median(_inside(_plane(frame, index), frame.height, frame.width, index)))
        for index in range(3)
    )
    base, u, v = 1.164 * (light - 16), blue - 128, red - 128
    rgb = (base + 1.596 * v, base - 0.392 * u - 0.813 * v, base + 2.017 * u)
    return tuple(round(min(255.0, max(0.0, value))) for value in rgb)  # type: ignore[return-value]


def _inside(plane: Plane, height: int, width: int, index: int) -> Plane:
    """Every fourth pixel of the patch without its edges, where codecs bleed."""
    half = 2 if index else 1
    height, width = height // half, width // half
    return plane[height // 16 : height * 7 // 16 : 4, width // 32 : width * 7 // 32 : 4]


def _plane(frame: VideoFrame, index: int) -> Plane:
    if frame.format.name not in {"yuv420p", "yuvj420p"}:
        raise ValueError(f"a decoder gave {frame.format.name}")
    plane = frame.planes[index]
    rows: Plane = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[:, : plane.width]

"""Decoded frames as arrays, for whoever reads them at a pace of their own.

Decides how far a reader may be behind. Knows no connection.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Literal

import numpy as np
from av import VideoFrame

from scope.client.crowd import Crowd
from scope.client.values import Picture

MOST_PICTURES = 32

PixelFormat = Literal["rgb24", "yuv420p"]


async def pictures(
    frames: Crowd[VideoFrame], *, format: PixelFormat, latest: bool
) -> AsyncIterator[Picture]:
    """Frames from now on; `latest`: a slow reader misses some, else it may be 32 behind."""
    async for frame in frames.listen(most=1 if latest else MOST_PICTURES):
        received_s = time.monotonic()
        pixels = await asyncio.to_thread(frame.to_ndarray, format=format)
        yield Picture(
            np.asarray(pixels, np.uint8), rtp_timestamp=frame.pts or 0, received_s=received_s
        )

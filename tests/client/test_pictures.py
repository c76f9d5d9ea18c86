"""Frames as arrays, and how far a reader may be behind."""

import asyncio

import numpy as np
import pytest
from av import VideoFrame

from scope.client.crowd import Crowd
from scope.client.pictures import MOST_PICTURES, PixelFormat, pictures

pytestmark = pytest.mark.anyio


def frame(number: int) -> VideoFrame:
    made = VideoFrame.from_ndarray(np.full((16, 32, 3), number, np.uint8), format="rgb24")
    made.pts = number
    return made


async def told_before_reading(*, latest: bool, format: PixelFormat = "rgb24") -> list[int]:
    """The stamps a reader gets who reads nothing until all is told."""
    crowd: Crowd[VideoFrame] = Crowd()
    reader = pictures(crowd, format=format, latest=latest)
    first = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    for number in range(40):
        crowd.tell(frame(number))
    crowd.end()
    return [(await first).rtp_timestamp] + [picture.rtp_timestamp async for picture in reader]


async def test_a_slow_reader_gets_the_newest_or_the_last_thirty_two() -> None:
    assert await told_before_reading(latest=True) == [39]
    assert await told_before_reading(latest=False) == list(range(40 - MOST_PICTURES, 40))


async def test_pixels_have_the_shape_of_their_format() -> None:
    crowd: Crowd[VideoFrame] = Crowd()
    for wanted, shape in (("rgb24", (16, 32, 3)), ("yuv420p", (24, 32))):
        reader = pictures(crowd, format=wanted, latest=True)  # type: ignore[arg-type]
        first = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0)
        crowd.tell(frame(7))
        assert (await first).pixels.shape == shape
        await reader.aclose()  # type: ignore[attr-defined]

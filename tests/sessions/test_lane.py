"""One encoder for all peers of a codec."""

from typing import Any

import numpy as np
import pytest

from scope.frames import VideoFormat
from scope.media.encoder import EncoderPool, Picture
from scope.sessions.lane import Lane

pytestmark = pytest.mark.anyio
VIDEO = VideoFormat(64, 64, 30.0)
SECOND = 90_000


@pytest.fixture
def pool() -> Any:
    made = EncoderPool(1)
    yield made
    made.close()


@pytest.fixture
def lane(pool: EncoderPool) -> Any:
    made = Lane("VP8", video=VIDEO, pool=pool)
    yield made
    made.close()


def picture(pts: int = 0, index: int = 0) -> Picture:
    return Picture(np.zeros((64, 64, 3), np.uint8), pts, index, 0)


async def test_all_listeners_get_the_same_packet(lane: Lane, make_peer: Any) -> None:
    a, b, quiet = (make_peer(name) for name in ("a", "b", "c"))
    for peer in (a, b, quiet):
        lane.add(peer)
    lane.quieten("c", True)
    (encoded,) = await lane.encode([picture()], now_s=0.0)
    lane.push(encoded)
    assert a.pushed[0] is b.pushed[0]
    assert quiet.pushed == []


async def test_a_newcomer_gets_a_keyframe_but_not_more_than_one_a_second(
    lane: Lane, make_peer: Any
) -> None:
    keyframes = []
    for index, pts in enumerate(range(0, 3 * SECOND, 3000)):
        lane.add(make_peer(f"peer {index}"))
        (encoded,) = await lane.encode([picture(pts, index)], now_s=pts / SECOND)
        if encoded.keyframe:
            keyframes.append(pts)
    assert keyframes == [0, SECOND, 2 * SECOND]


async def test_the_narrowest_path_decides_until_it_is_gone(lane: Lane, make_peer: Any) -> None:
    full = lane.bitrate_kbps
    for name in "ab":
        lane.add(make_peer(name))
    lane.estimated("a", 150, now_s=0.0)
    lane.estimated("b", 200, now_s=0.0)
    await lane.encode([picture(0)], now_s=0.1)
    assert lane.bitrate_kbps == 150
    lane.remove("a")
    await lane.encode([picture(3000)], now_s=0.2)
    assert lane.bitrate_kbps == 200
    await lane.encode([picture(6000)], now_s=60.0)
    assert lane.bitrate_kbps == full


async def test_nobody_who_listens_no_work(lane: Lane, make_peer: Any) -> None:
    assert not lane.has_listeners()
    lane.add(make_peer("a"))
    assert lane.has_listeners()
    lane.quieten("a", True)
    assert not lane.has_listeners()
    lane.quieten("stranger", True)
    lane.quieten("a", False)
    assert lane.has_listeners()
    assert lane.keyframe_wanted

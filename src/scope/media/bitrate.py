"""How many bits a stream may spend: a first figure by size and rate, then what peers bear.

Pure. It does not know where estimates come from (REMB, in practice) nor who encodes.
"""

import math

from scope.frames import VideoFormat

REFERENCE_KBPS = 2500.0
REFERENCE_PIXELS = 576 * 320
REFERENCE_FPS = 30.0
LEAST_KBPS = 250
MOST_KBPS = 8000

ESTIMATE_LIVES_S = 10.0
"""An estimate not renewed for this long no longer binds the stream."""


def initial_bitrate_kbps(video: VideoFormat) -> int:
    """What a stream of this size and rate starts with, and never exceeds.

    Fewer pixels are harder to compress per pixel, and fewer frames differ more from one
    to the next, so the rate grows slower than either.
    """
    size = video.width * video.height / REFERENCE_PIXELS
    rate = video.fps / REFERENCE_FPS
    kbps = REFERENCE_KBPS * math.pow(size, 0.75) * math.sqrt(rate)
    return round(min(max(kbps, LEAST_KBPS), MOST_KBPS))


def floor_bitrate_kbps(video: VideoFormat) -> int:
    """Below this a stream is no longer worth looking at."""
    return max(100, initial_bitrate_kbps(video) // 10)


class BitrateFollower:
    """Follows the lowest live estimate of all peers of one stream.

    All peers share one encoder, so the narrowest path decides, down to a floor that a
    single starved viewer can not drag the others below.
    """

    def __init__(self, *, cap_kbps: int, floor_kbps: int) -> None:
        self._cap_kbps = max(cap_kbps, floor_kbps)
        self._floor_kbps = floor_kbps
        self._estimates: dict[str, tuple[int, float]] = {}

    def estimated(self, peer_id: str, kbps: int, *, now_s: float) -> None:
        """`peer_id` believes its path bears `kbps`."""
        self._estimates[peer_id] = (kbps, now_s)

    def forget(self, peer_id: str) -> None:
        """`peer_id` is gone."""
        self._estimates.pop(peer_id, None)

    def target_kbps(self, *, now_s: float) -> int:
        """What to encode at now."""
        live = [k for k, at_s in self._estimates.values() if now_s - at_s <= ESTIMATE_LIVES_S]
        return max(self._floor_kbps, min([self._cap_kbps, *live]))

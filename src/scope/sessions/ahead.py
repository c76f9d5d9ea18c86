"""How many frames are encoded in one go. Pure.

Several together cost less than one by one: one hand-over between threads, and a processor
that still knows the codec. But what is encoded can not be taken back, and a keyframe or a bit
rate asked for meanwhile waits until all of it is shown.
"""

AHEAD_S = 0.1
"""No more than this much of the stream, so that wishes are answered soon."""
SHARE = 0.5
"""Of the time until the first of them is due, so that it is ready then."""
FIRST_GUESS_S = 0.01
FORGET = 0.1


class Ahead:
    """Learns how long a frame takes to encode, waiting for a thread included."""

    def __init__(self) -> None:
        self._frame_s = FIRST_GUESS_S

    def frames(self, *, spare_s: float, period_s: float) -> int:
        """At least one; the first of them is due in `spare_s`."""
        in_time = int(SHARE * spare_s / self._frame_s)
        return max(1, min(in_time, int(AHEAD_S / period_s)))

    def took(self, seconds: float, *, frames: int) -> None:
        """So many were encoded. A slow time counts at once and is forgotten slowly."""
        each_s = max(seconds / frames, 1e-5)
        self._frame_s = max(each_s, self._frame_s + FORGET * (each_s - self._frame_s))

from hypothesis import given
from hypothesis import strategies as st

from scope.frames import VideoFormat
from scope.media.bitrate import (
    ESTIMATE_LIVES_S,
    BitrateFollower,
    floor_bitrate_kbps,
    initial_bitrate_kbps,
)


def test_the_default_size_starts_at_two_and_a_half_megabits() -> None:
    assert initial_bitrate_kbps(VideoFormat(576, 320, 30)) == 2500


@given(
    st.integers(16, 4096),
    st.integers(16, 4096),
    st.floats(1, 120),
)
def test_more_pixels_or_frames_never_get_fewer_bits(width: int, height: int, fps: float) -> None:
    small = VideoFormat(width, height, fps)
    assert (
        initial_bitrate_kbps(small)
        <= initial_bitrate_kbps(VideoFormat(width * 2, height, fps))
        <= initial_bitrate_kbps(VideoFormat(width * 2, height, fps * 2))
    )
    assert floor_bitrate_kbps(small) <= initial_bitrate_kbps(small)


def follower() -> BitrateFollower:
    return BitrateFollower(cap_kbps=2500, floor_kbps=250)


def test_without_estimates_the_cap_holds() -> None:
    assert follower().target_kbps(now_s=0) == 2500


def test_the_lowest_live_estimate_wins_and_goes_with_its_peer() -> None:
    follow = follower()
    follow.estimated("a", 1200, now_s=0)
    follow.estimated("b", 800, now_s=0)
    assert follow.target_kbps(now_s=1) == 800
    follow.forget("b")
    assert follow.target_kbps(now_s=1) == 1200
    follow.forget("unknown")


def test_an_old_estimate_no_longer_binds() -> None:
    follow = follower()
    follow.estimated("a", 800, now_s=0)
    assert follow.target_kbps(now_s=ESTIMATE_LIVES_S + 0.1) == 2500


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2**63)), max_size=20))
def test_no_estimate_leaves_floor_and_cap(estimates: list[tuple[str, int]]) -> None:
    follow = follower()
    for at_s, (peer, kbps) in enumerate(estimates):
        follow.estimated(peer, kbps, now_s=at_s)
        assert 250 <= follow.target_kbps(now_s=at_s) <= 2500

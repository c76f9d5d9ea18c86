"""How many frames are encoded in one go."""

from scope.sessions.ahead import AHEAD_S, SHARE, Ahead


def test_a_frame_that_is_due_now_goes_alone() -> None:
    assert Ahead().frames(spare_s=0.0, period_s=1 / 30) == 1
    assert Ahead().frames(spare_s=-1.0, period_s=1 / 30) == 1


def test_a_fast_encoder_takes_as_many_as_answers_to_wishes_allow() -> None:
    ahead = Ahead()
    for _ in range(100):
        ahead.took(0.002, frames=1)
    assert ahead.frames(spare_s=1 / 30, period_s=1 / 30) == int(AHEAD_S * 30)
    assert ahead.frames(spare_s=1.0, period_s=1.0) == 1


def test_the_first_is_ready_in_time() -> None:
    ahead = Ahead()
    for _ in range(100):
        ahead.took(0.008, frames=4)
    frames = ahead.frames(spare_s=1 / 60, period_s=1 / 60)
    assert frames * 0.002 <= SHARE / 60 < (frames + 1) * 0.002


def test_a_slow_time_counts_at_once_and_is_forgotten_slowly() -> None:
    ahead = Ahead()
    for _ in range(100):
        ahead.took(0.002, frames=1)
    ahead.took(0.05, frames=1)
    assert ahead.frames(spare_s=1 / 30, period_s=1 / 30) == 1
    for _ in range(100):
        ahead.took(0.002, frames=1)
    assert ahead.frames(spare_s=1 / 30, period_s=1 / 30) > 1


def test_a_clock_that_stood_still_harms_nothing() -> None:
    ahead = Ahead()
    for _ in range(100):
        ahead.took(0.0, frames=1)
    assert ahead.frames(spare_s=1.0, period_s=0.01) == int(AHEAD_S / 0.01)

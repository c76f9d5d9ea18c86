"""Clocks never go back."""

import pytest

from scope.clock import ManualClock, MonotonicClock


def test_the_real_clock_never_goes_back() -> None:
    clock = MonotonicClock()
    assert clock.now() <= clock.now()


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(5.0)
    assert clock.now() == 5.0
    clock.advance(0.5)
    assert clock.now() == 5.5


def test_a_manual_clock_refuses_to_go_back() -> None:
    with pytest.raises(ValueError, match="never goes back"):
        ManualClock().advance(-1)

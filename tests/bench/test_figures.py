"""Sums over measured values."""

import math

import pytest

from bench.figures import Figure, between, clock_ratio, gaps_s, median_of, percentile, slope
from bench.wire import WireFrame


def frames(*, fps: float, count: int, clock: float = 1.0) -> list[WireFrame]:
    """Frames that arrive evenly while the RTP clock runs `clock` times as fast."""
    return [WireFrame(round(90_000 * clock * n / fps), n / fps, 1000, 1) for n in range(count)]


def test_a_bar_is_met_at_its_limit_and_never_by_a_missing_value() -> None:
    assert Figure("x", 5.0, "ms", ("<=", 5.0)).met()
    assert not Figure("x", 5.1, "ms", ("<=", 5.0)).met()
    assert Figure("x", 5.1, "", (">=", 5.0)).met()
    assert not Figure("x", math.nan, "ms", ("<=", 5.0)).met()
    assert Figure("x", 5.0).met() is None


def test_the_median_of_runs_is_taken_line_by_line() -> None:
    runs = [[Figure("a", n, "s"), Figure("b", 10 * n)] for n in (1.0, 9.0, 2.0)]
    first, second = median_of(runs)
    assert (first.what, first.value, first.unit, first.runs) == ("a", 2.0, "s", (1.0, 9.0, 2.0))
    assert second.value == 20.0


def test_a_straight_line_has_its_slope_and_no_error() -> None:
    incline, error = slope([0, 1, 2, 3], [5, 7, 9, 11])
    assert incline == pytest.approx(2)
    assert error == pytest.approx(0, abs=1e-9)


def test_the_clock_ratio_sees_a_drift_of_one_in_a_thousand() -> None:
    assert clock_ratio(frames(fps=30, count=600)) == pytest.approx(1, abs=1e-4)
    assert clock_ratio(frames(fps=30, count=600, clock=0.976)) == pytest.approx(0.976, abs=1e-4)


def test_gaps_and_windows_of_frames() -> None:
    some = frames(fps=10, count=5)
    assert gaps_s(some) == pytest.approx([0.1] * 4)
    assert between(some, 0.1, 0.3) == some[1:3]
    assert math.isnan(percentile([], 50))

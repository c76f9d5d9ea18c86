"""Rates and delays over a short past."""

import pytest

from scope.sessions.stream_figures import StreamTally


def test_the_rate_is_that_of_the_last_two_seconds() -> None:
    tally = StreamTally()
    for number in range(100):
        tally.sent(now_s=number / 25, produced_s=number / 25)
    assert tally.fps(now_s=99 / 25) == pytest.approx(25.0)
    assert tally.frames_sent == 100
    assert tally.fps(now_s=60.0) == 0.0


def test_without_frames_nothing_is_known() -> None:
    tally = StreamTally()
    assert tally.fps(now_s=1.0) == 0.0
    assert tally.prompt_delay_ms() is None
    assert tally.wire_delay_ms() is None


def test_delays_are_medians_in_milliseconds() -> None:
    tally = StreamTally()
    for delay_s in (0.1, 0.2, 9.0):
        tally.prompt_shown(delay_s)
        tally.sent(now_s=10.0, produced_s=10.0 - delay_s)
    assert tally.prompt_delay_ms() == pytest.approx(200.0)
    assert tally.wire_delay_ms() == pytest.approx(200.0)

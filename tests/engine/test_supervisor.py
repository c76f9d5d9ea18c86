from hypothesis import given
from hypothesis import strategies as st

from scope.engine.supervisor import MAX_DELAY_S, Backoff, Patience, Shortages


def test_after_a_first_loss_at_once_then_doubling_up_to_half_a_minute() -> None:
    backoff = Backoff()
    assert [backoff.lost(0.0) for _ in range(9)] == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_stable_period_makes_it_forget() -> None:
    backoff = Backoff(stable_s=60)
    backoff.lost(0.0)
    backoff.lost(1.0)
    backoff.up(2.0)
    assert backoff.lost(30.0) == 2
    backoff.up(31.0)
    assert backoff.lost(91.0) == 0


@given(st.lists(st.floats(0, 100), max_size=50))
def test_no_delay_is_longer_than_the_longest(steps_s: list[float]) -> None:
    backoff, now_s = Backoff(), 0.0
    for step_s in steps_s:
        backoff.up(now_s)
        now_s += step_s
        assert 0 <= backoff.lost(now_s) <= MAX_DELAY_S


def test_patience_grows_with_the_usual_chunk() -> None:
    patience = Patience()
    assert (patience.stalled_after_s(0.3), patience.killed_after_s(0.3)) == (10, 30)
    assert (patience.stalled_after_s(5.0), patience.killed_after_s(5.0)) == (50, 150)


def test_a_third_shortage_in_ten_minutes_is_too_many() -> None:
    shortages = Shortages()
    for at_s in (0.0, 100.0):
        shortages.add(at_s)
        assert not shortages.too_many(at_s)
    shortages.add(599.0)
    assert shortages.too_many(599.0)
    shortages.add(1200.0)
    assert not shortages.too_many(1200.0)

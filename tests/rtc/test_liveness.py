from hypothesis import given
from hypothesis import strategies as st

from scope.rtc.liveness import Budget, Liveness


def watched() -> Liveness:
    return Liveness(silence_s=5, lost_s=30)


def test_pictures_without_an_answer_make_a_peer_silent_then_lost() -> None:
    peer = watched()
    peer.sent(100.0)
    peer.sent(103.0)
    assert peer.verdict(104.9) == "fine"
    assert peer.verdict(105.0) == "silent"
    assert peer.verdict(130.0) == "lost"


def test_one_report_makes_it_fine_again() -> None:
    peer = watched()
    peer.sent(0.0)
    assert peer.verdict(10.0) == "silent"
    peer.heard()
    peer.sent(10.0)
    assert peer.verdict(14.0) == "fine"


def test_a_peer_that_is_sent_nothing_owes_nothing() -> None:
    peer = watched()
    peer.sent(0.0)
    peer.heard()
    assert peer.verdict(1000.0) == "fine"


def test_a_budget_is_spent_and_comes_back() -> None:
    budget = Budget(limit=10, window_s=10)
    assert budget.spend(6, now_s=0)
    assert not budget.spend(5, now_s=1)
    assert budget.spend(4, now_s=1)
    assert not budget.spend(1, now_s=9.9)
    assert budget.spend(6, now_s=10.5)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20)), max_size=60))
def test_no_window_ever_takes_more_than_the_limit(spends: list[tuple[float, int]]) -> None:
    budget, now_s, taken = Budget(limit=50, window_s=5), 0.0, []
    for pause_s, amount in spends:
        now_s += pause_s
        if budget.spend(amount, now_s=now_s):
            taken.append((now_s, amount))
        # entries less than a hundredth of the window apart share the earlier time
        assert sum(n for at_s, n in taken if now_s - at_s < 5 - 0.05) <= 50

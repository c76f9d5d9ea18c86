"""Waits grow, jitter a little, and end."""

from scope.client.backoff import WAITS_S, Backoff


def test_five_tries_with_jitter_then_no_more() -> None:
    backoff = Backoff()
    waits = [backoff.next_s() for _ in WAITS_S]
    for wait_s, nominal_s in zip(waits, WAITS_S, strict=True):
        assert wait_s is not None
        assert 0.85 * nominal_s <= wait_s <= 1.15 * nominal_s
    assert backoff.next_s() is None


def test_the_server_may_ask_for_longer() -> None:
    assert Backoff().next_s(at_least_s=30) == 30


def test_a_connection_that_held_starts_it_over() -> None:
    backoff = Backoff((1.0,))
    assert backoff.next_s() is not None
    backoff.held()
    assert backoff.next_s() is not None

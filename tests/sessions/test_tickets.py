"""What a returning client is told, whatever token it shows."""

import pytest

from scope.errors import SessionGone, SessionNotFound, TokenUsed
from scope.sessions.tickets import USED_KEPT, Tickets


def test_the_token_in_force_is_good_and_each_is_another() -> None:
    tickets = Tickets()
    first, other = tickets.issue("a"), tickets.issue("b")
    tickets.check("a", first)
    tickets.check("b", other)
    assert first != other
    assert len(first) >= 40


@pytest.mark.parametrize("token", ["", "x", "x" * 300, "\ud800", "schlüssel"])
def test_a_foreign_token_looks_like_a_session_that_never_was(token: str) -> None:
    tickets = Tickets()
    tickets.issue("a")
    with pytest.raises(SessionNotFound) as foreign:
        tickets.check("a", token)
    with pytest.raises(SessionNotFound) as unknown:
        tickets.check("nobody", token)
    assert foreign.value.detail == unknown.value.detail


def test_a_token_of_another_session_opens_nothing() -> None:
    tickets = Tickets()
    tickets.issue("a")
    with pytest.raises(SessionNotFound):
        tickets.check("a", tickets.issue("b"))


def test_a_token_is_good_once() -> None:
    tickets = Tickets()
    first = tickets.issue("a")
    second = tickets.issue("a")
    with pytest.raises(TokenUsed):
        tickets.check("a", first)
    tickets.check("a", second)


def test_a_return_that_came_to_nothing_costs_no_token() -> None:
    tickets = Tickets()
    first = tickets.issue("a")
    second = tickets.issue("a")
    tickets.take_back("a", first)
    tickets.check("a", first)
    with pytest.raises(SessionNotFound):
        tickets.check("a", second)
    tickets.take_back("a", "never issued")
    tickets.take_back("nobody", first)
    tickets.check("a", first)


def test_only_the_last_tokens_used_are_remembered() -> None:
    tickets = Tickets()
    first = tickets.issue("a")
    for _ in range(USED_KEPT + 1):
        tickets.issue("a")
    with pytest.raises(SessionNotFound):
        tickets.check("a", first)


def test_a_session_that_is_over_says_why_to_who_has_its_token_only() -> None:
    tickets = Tickets()
    token = tickets.issue("a")
    tickets.end("a", "The pipeline was unloaded.")
    tickets.end("never", "x")
    with pytest.raises(SessionGone) as gone:
        tickets.check("a", token)
    assert gone.value.reason == "The pipeline was unloaded."
    with pytest.raises(SessionNotFound):
        tickets.check("a", "guess")


def test_sessions_that_ended_long_ago_are_forgotten() -> None:
    tickets = Tickets(ended_kept=2)
    tokens = {name: tickets.issue(name) for name in "abcd"}
    for name in "abc":
        tickets.end(name, "over")
    with pytest.raises(SessionNotFound):
        tickets.check("a", tokens["a"])
    with pytest.raises(SessionGone):
        tickets.check("c", tokens["c"])
    tickets.check("d", tokens["d"])

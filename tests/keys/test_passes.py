"""Passes and invitations: how long, how often, and whose."""

import json

import pytest

from scope.keys.access import Access
from scope.keys.passes import (
    IDLE_S,
    MOST_INVITATIONS,
    MOST_PASSES,
    PASS_AT_MOST_S,
    Passes,
)


class Desk:
    """Passes with a time that can be set and keys that can be revoked."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.keys = {"k"}
        self.passes = self.again()

    def again(self) -> Passes:
        return Passes(good=lambda key_id: key_id in self.keys, now=lambda: self.now_s)

    def issue(self, until_s: float | None = None) -> str:
        return self.passes.issue("k", Access.CONTROL, "desk", until_s=until_s)[0]

    def invite(self, uses: int = 1, link_s: float = 60, pass_s: float = 600) -> str:
        text = self.passes.invite("k", Access.VIEW, None, link_s=link_s, pass_s=pass_s, uses=uses)
        assert text is not None
        return text


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_pass_is_found_by_its_text_and_by_nothing_else(desk: Desk) -> None:
    text = desk.issue()
    found = desk.passes.find(text)
    assert found is not None
    assert (found.key_id, found.access, found.label) == ("k", Access.CONTROL, "desk")
    assert desk.passes.find(found.id) is None
    assert desk.passes.find("") is None


def test_a_pass_that_is_shown_stays_and_one_that_is_not_ends(desk: Desk) -> None:
    used, idle = desk.issue(), desk.issue()
    for _ in range(2):
        desk.now_s += IDLE_S - 1
        assert desk.passes.find(used)
    assert desk.passes.find(idle) is None


def test_no_pass_is_good_for_ever(desk: Desk) -> None:
    text, end_s = desk.issue(), desk.now_s + PASS_AT_MOST_S
    while desk.now_s < end_s:
        assert desk.passes.find(text)
        desk.now_s += IDLE_S - 1
    assert desk.passes.find(text) is None


def test_a_pass_ends_when_it_was_meant_to(desk: Desk) -> None:
    text = desk.issue(until_s=desk.now_s + 10)
    desk.now_s += 10
    assert desk.passes.find(text) is None


def test_a_pass_and_an_invitation_end_with_their_key(desk: Desk) -> None:
    text, link = desk.issue(), desk.invite()
    desk.keys.clear()
    assert desk.passes.find(text) is None
    assert desk.passes.redeem(link) is None


def test_a_dropped_pass_is_gone(desk: Desk) -> None:
    text = desk.issue()
    assert desk.passes.drop(text)
    assert not desk.passes.drop(text)
    assert desk.passes.find(text) is None


def test_an_invitation_is_good_as_often_as_it_says(desk: Desk) -> None:
    once, twice = desk.invite(), desk.invite(uses=2)
    assert desk.passes.redeem(once)
    assert desk.passes.redeem(once) is None
    assert [bool(desk.passes.redeem(twice)) for _ in range(3)] == [True, True, False]


def test_an_invitation_gives_what_it_is_worth_until_it_says(desk: Desk) -> None:
    given = desk.passes.redeem(desk.invite())
    assert given is not None
    assert given[1].access is Access.VIEW
    desk.now_s += 599
    assert desk.passes.find(given[0])
    desk.now_s += 1
    assert desk.passes.find(given[0]) is None


def test_an_invitation_that_is_late_gives_nothing(desk: Desk) -> None:
    text = desk.invite()
    desk.now_s += 60
    assert desk.passes.redeem(text) is None


def test_the_pass_that_was_idle_longest_makes_room(desk: Desk) -> None:
    texts = []
    for _ in range(MOST_PASSES):
        texts.append(desk.issue())
        desk.now_s += 0.01
    desk.passes.find(texts[0])
    desk.issue()
    assert desk.passes.find(texts[0])
    assert desk.passes.find(texts[1]) is None


def test_there_are_only_so_many_unused_invitations(desk: Desk) -> None:
    for _ in range(MOST_INVITATIONS):
        desk.invite()
    assert desk.passes.invite("k", Access.VIEW, None, link_s=1) is None
    desk.now_s += 60
    desk.invite()


def test_a_restart_forgets_neither_and_no_secret_is_written(desk: Desk) -> None:
    text, link = desk.issue(), desk.invite()
    written = json.dumps(desk.passes.dump())
    assert text not in written
    assert link not in written
    again = desk.again()
    again.load(json.loads(written))
    assert again.find(text)
    assert again.redeem(link)


@pytest.mark.parametrize(
    "value", [[], {}, {"passes": [{}], "invitations": []}, {"passes": [1], "invitations": []}]
)
def test_what_was_not_written_here_is_not_read(desk: Desk, value: object) -> None:
    with pytest.raises(ValueError, match="no passes"):
        desk.passes.load(value)


def test_many_fit_into_the_file_they_are_kept_in(desk: Desk) -> None:
    from scope.keys.private_file import MOST_BYTES

    for _ in range(MOST_PASSES):
        desk.passes.issue("chosen-0123456789abcdef", Access.CONTROL, "ü" * 64)
    for _ in range(MOST_INVITATIONS):
        desk.invite()
    desk.keys.add("chosen-0123456789abcdef")
    for _ in range(MOST_PASSES):
        desk.passes.issue("chosen-0123456789abcdef", Access.CONTROL, "ü" * 64)
    assert len(json.dumps(desk.passes.dump(), indent=1, ensure_ascii=False).encode()) < MOST_BYTES

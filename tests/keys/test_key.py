"""A key: made, shown once, known again by nothing but its own text."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.keys.access import Access
from scope.keys.key import chosen_key, digest_of, new_key, parts_of

KEY, TEXT = new_key(Access.VIEW, "stage left", now_s=100.0, lifetime_s=50.0)


def test_its_own_secret_opens_it() -> None:
    key_id, secret = parts_of(TEXT)
    assert key_id == KEY.id
    assert KEY.opens_with(secret)


@given(st.text())
def test_no_other_text_does(text: str) -> None:
    assert not KEY.opens_with(text)


def test_neither_its_secret_nor_a_bare_hash_of_it_is_kept() -> None:
    _, secret = parts_of(TEXT)
    assert secret not in repr(dataclasses.asdict(KEY))
    assert KEY.digest != digest_of(b"", secret)


def test_two_keys_have_nothing_in_common() -> None:
    other, text = new_key(Access.VIEW, "stage left", now_s=100.0)
    assert {other.id, other.salt, other.digest}.isdisjoint({KEY.id, KEY.salt, KEY.digest})
    assert len(parts_of(text)[1]) >= 43  # 256 bits


def test_it_expires_to_the_second_or_never() -> None:
    assert not KEY.is_over(149.9)
    assert KEY.is_over(150.0)
    assert not new_key(Access.VIEW, now_s=0.0)[0].is_over(1e12)


@pytest.mark.parametrize("label", ["x" * 65, "two\nlines", "\x1b[2J"])
def test_a_label_nobody_can_read_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        new_key(Access.VIEW, label, now_s=0.0)


@pytest.mark.parametrize("text", ["", "scope", "scope_", "scope_ab", "scope_ab_", "other_ab_cd"])
def test_a_text_of_another_form_has_no_parts(text: str) -> None:
    assert parts_of(text) == ("", "")


def test_a_chosen_key_may_everything_is_guessable_and_has_the_same_id_at_every_start() -> None:
    first, again, other = chosen_key("abc"), chosen_key("abc"), chosen_key("abd")
    assert (first.access, first.guessable) == (Access.ADMIN, True)
    assert first.opens_with("abc")
    assert not first.opens_with("abd")
    assert first.id == again.id != other.id
    assert first.digest != again.digest

"""Scopes contain each other, and have one word each."""

from itertools import pairwise

from scope.keys.access import ANYBODY, NOBODY, SCOPES, Access


def test_each_scope_includes_the_ones_below() -> None:
    order = [Access.PUBLIC, Access.VIEW, Access.CONTROL, Access.ADMIN]
    assert all(low < high for low, high in pairwise(order))


def test_a_key_is_worth_one_of_three_words_and_public_is_none_of_them() -> None:
    assert list(SCOPES) == ["view", "control", "admin"]
    assert all(access.word == word for word, access in SCOPES.items())


def test_anybody_may_do_everything_and_nobody_nothing() -> None:
    assert (ANYBODY.access, NOBODY.access) == (Access.ADMIN, Access.PUBLIC)

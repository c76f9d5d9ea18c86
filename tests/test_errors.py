"""The error tree is part of the wire format: codes are stable and distinct."""

import re

from scope import errors


def all_errors(root: type[errors.ScopeError]) -> list[type[errors.ScopeError]]:
    """`root` and what descends from it in the vocabulary; other layers refine some of these."""
    children = [child for child in root.__subclasses__() if child.__module__ == errors.__name__]
    return [root, *(error for child in children for error in all_errors(child))]


def test_codes_are_distinct() -> None:
    codes = [error.code for error in all_errors(errors.ScopeError)]
    assert len(codes) == len(set(codes))


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {error.__name__ for error in all_errors(errors.ScopeError)[1:]}


def test_an_error_carries_its_detail_and_field() -> None:
    error = errors.InvalidParameters("weight must be ≥ 0", field="prompts.0.weight")
    assert (str(error), error.field) == ("weight must be ≥ 0", "prompts.0.weight")

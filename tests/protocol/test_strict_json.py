"""JSON from outside is read strictly or not at all."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.errors import InvalidParameters
from scope.protocol.strict_json import MAX_MESSAGE_BYTES, check_value, loads, printable

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
plain |= st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def nested(levels: int) -> list[object]:
    value: list[object] = []
    for _ in range(levels - 1):
        value = [value]
    return value


@given(values)
def test_what_is_json_comes_back_as_it_was(value: object) -> None:
    text = json.dumps(value)
    if depth(value) <= 8:
        assert loads(text) == value
        assert loads(text.encode()) == value
        check_value(value)
    else:
        with pytest.raises(InvalidParameters, match="deeper"):
            loads(text)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_whatever_comes_only_one_error_can_leave(garbage: str | bytes) -> None:
    try:
        loads(garbage)
    except InvalidParameters:
        return
    json.loads(garbage)


@given(st.text(alphabet='[]{}",:\\u0dD8 1e9', max_size=60))
def test_brackets_quotes_and_escapes_in_any_order_are_read_or_refused(garbage: str) -> None:
    try:
        loads(garbage)
    except InvalidParameters:
        return
    json.loads(garbage)


@pytest.mark.parametrize("levels", [1, 7, 8])
def test_eight_levels_are_allowed(levels: int) -> None:
    assert depth(loads(json.dumps(nested(levels)))) == levels
    check_value(nested(levels))


@pytest.mark.parametrize("levels", [9, 10, 500])
def test_nine_are_not_before_or_after_decoding(levels: int) -> None:
    with pytest.raises(InvalidParameters, match="deeper than 8"):
        loads("[" * levels + "]" * levels)
    with pytest.raises(InvalidParameters, match="deeper than 8"):
        check_value(nested(levels))


def test_brackets_inside_strings_are_no_depth() -> None:
    assert loads('["' + "[" * 100 + '"]') == ["[" * 100]
    assert loads('["\\"' + "{" * 100 + '"]') == ['"' + "{" * 100]


def test_a_message_over_the_limit_is_refused_unparsed() -> None:
    with pytest.raises(InvalidParameters, match="longer than 65536 bytes"):
        loads("[" * (MAX_MESSAGE_BYTES + 1))


def test_the_limit_counts_bytes_not_characters() -> None:
    text = '"' + "€" * 21_845 + '"'
    assert len(text) < MAX_MESSAGE_BYTES < len(text.encode())
    with pytest.raises(InvalidParameters, match="longer"):
        loads(text)
    assert len(loads('"' + "a" * (MAX_MESSAGE_BYTES - 2) + '"')) == MAX_MESSAGE_BYTES - 2


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 65_000,
        "[]," * 21_000,
        '"' + '\\"' * 32_000,
        '"\\' * 21_000,
        "{" + ",".join(f'"{n:x}":0' for n in range(6_500)) + ',"0":0}',
        "9" * 65_000,
        "[" + "1e9," * 16_000,
        '["' + "\\ud800" * 10_000 + '"]',
    ],
    ids=["deep", "wide", "escapes", "quotes", "keys", "digits", "floats", "surrogates"],
)
def test_no_message_within_the_limit_is_slow(hostile: str) -> None:
    began_s = time.process_time()
    with pytest.raises(InvalidParameters):
        loads(hostile)
    assert time.process_time() - began_s < 0.1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2**1025])
def test_a_number_that_is_none_is_refused_after_decoding(value: float) -> None:
    with pytest.raises(InvalidParameters):
        check_value({"x": [value]})


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, [["a", "\ud83d"]]])
def test_half_a_character_is_refused_after_decoding(value: object) -> None:
    with pytest.raises(InvalidParameters, match="half a character"):
        check_value(value)


def test_a_leaf_on_the_lowest_level_is_checked_too() -> None:
    lowest: object = float("nan")
    for _ in range(8):
        lowest = [lowest]
    with pytest.raises(InvalidParameters, match="finite"):
        check_value(lowest)


def test_a_repeated_key_is_named() -> None:
    with pytest.raises(InvalidParameters) as refused:
        loads('{"a": 1, "b": {"c": 1, "c": 2}}')
    assert refused.value.field == "c"


def test_a_key_is_told_back_short_and_printable() -> None:
    assert printable("num_steps") == "num_steps"
    assert printable("a\nb\0\u202e") == "a�b��"
    assert printable("x" * 100) == "x" * 64 + "…"

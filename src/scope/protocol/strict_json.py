"""JSON from outside, read strictly: what is doubtful is refused, never repaired.

Decides what counts as JSON here (RFC 8259, finite numbers, unique keys, text that is valid
Unicode, bounded size and depth). It does not know what any of the values mean.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from scope.errors import InvalidParameters

MAX_DEPTH = 8
MAX_MESSAGE_BYTES = 64 * 1024

_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


def loads(
    text: str | bytes, *, max_bytes: int = MAX_MESSAGE_BYTES, max_depth: int = MAX_DEPTH
) -> Any:
    """The value of one JSON text. Raises InvalidParameters, never anything else."""
    plain = _as_text(text, max_bytes)
    _check_nesting(plain, max_depth)
    try:
        value = json.loads(plain, object_pairs_hook=_unique_keys)
    except ValueError as error:
        raise InvalidParameters(f"not JSON: {error}") from error
    check_value(value, max_depth=max_depth)
    return value


def check_value(value: Any, *, max_depth: int = MAX_DEPTH) -> None:
    """Refuse a decoded value that `loads` would not have given, whoever decoded it."""
    level: list[Any] = [value]
    for _ in range(max_depth):
        below: list[Any] = []
        for item in level:
            below.extend(_check_one(item))
        if not below:
            return
        level = below
    if any(isinstance(item, dict | list) for item in level):
        raise InvalidParameters(f"nested deeper than {max_depth}")
    for item in level:
        _check_one(item)


def _as_text(text: str | bytes, max_bytes: int) -> str:
    try:
        encoded = text.encode() if isinstance(text, str) else text
        plain = encoded.decode()
    except UnicodeError as error:
        raise InvalidParameters("not valid UTF-8") from error
    if len(encoded) > max_bytes:
        raise InvalidParameters(f"longer than {max_bytes} bytes")
    return plain


def _check_nesting(plain: str, max_depth: int) -> None:
    """Before the recursive parser runs, so that depth can not exhaust its stack."""
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(plain):
        if found[0] in "[{":
            depth += 1
            if depth > max_depth:
                raise InvalidParameters(f"nested deeper than {max_depth}")
        elif found[0] in "]}":
            depth -= 1


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise InvalidParameters("the same key twice", field=printable(twice))
    return value


def _check_one(item: Any) -> Iterable[Any]:
    """Check one value itself; return what it holds."""
    if isinstance(item, dict):
        for key in item:
            _check_string(key)
        return item.values()
    if isinstance(item, list):
        return item
    if isinstance(item, str):
        _check_string(item)
    elif isinstance(item, float) and not math.isfinite(item):
        raise InvalidParameters("a number is not finite")
    elif isinstance(item, int) and item.bit_length() > 1024:
        raise InvalidParameters("a number is too large")
    return ()


def _check_string(text: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidParameters("a string holds half a character") from error


def printable(key: str, *, limit: int = 64) -> str:
    """A client's own key, short and free of control characters, to be told back."""
    shown = "".join(char if char.isprintable() else "�" for char in key[:limit])
    return shown if len(key) <= limit else shown + "…"

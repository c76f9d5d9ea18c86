"""key=value as people type it on a command line."""

import json
from collections.abc import Iterable
from typing import Any

from scope.cli.leaving import fail


def pairs_of(words: Iterable[str], *, option: str) -> dict[str, Any]:
    """Values are JSON, or else the words themselves, which need no quotes."""
    values: dict[str, Any] = {}
    for word in words:
        key, separator, value = word.partition("=")
        if not separator or not key:
            fail(f"{option} takes key=value, not {word!r}")
        try:
            values[key] = json.loads(value)
        except ValueError:
            values[key] = value
    return values

"""Names people mistype: the nearest known one, for a message. Pure."""

import difflib
from collections.abc import Iterable


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """One or two sentences about a name nobody knows, with the nearest one that exists."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    words = f"There is no {kind} {name!r}."
    if near:
        return f"{words} Did you mean {near[0]!r}?"
    return f"{words} Known: {', '.join(names) or 'none'}."

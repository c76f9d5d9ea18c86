"""The form of the vocabulary: every value in several phrasings, one kept for evaluation.

A noun phrase stands on its own ("a quiet lake"), an adjective goes before a noun ("misty"), a
clause goes after it ("at dawn", "with a rainbow"). `words` takes phrasings separated by a bar.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Phrasings of one value; `kept` are clauses or nouns that only the split `phrases` uses."""

    clauses: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def words(*, clauses: str = "", adjectives: str = "", nouns: str = "", kept: str = "") -> Words:
    return Words(_split(clauses), _split(adjectives), _split(nouns), _split(kept))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(" | ") if part)

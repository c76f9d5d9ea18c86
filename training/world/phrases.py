"""The vocabulary: every value of every attribute in several phrasings, read from `vocabulary/`.

A noun phrase stands on its own ("a quiet lake"), an adjective goes before a noun ("misty"), a
clause goes after it ("at dawn", "with a rainbow"). `captions` decides how they are put together.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "vocabulary"


@dataclass(frozen=True, slots=True)
class Words:
    """Phrasings of one value; `kept` are clauses or nouns that only the split `phrases` uses."""

    clauses: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def taught(self) -> tuple[str, ...]:
        """All but the kept ones."""
        return (*self.nouns, *self.clauses, *self.adjectives)


def read(attribute: str, folder: Path = FOLDER) -> dict[str, Words]:
    """Phrasings of every value of an attribute, from `folder/attribute.toml`."""
    values = tomllib.loads((folder / f"{attribute}.toml").read_text("utf-8"))
    return {
        value: Words(**{kind: tuple(phrasings) for kind, phrasings in kinds.items()})
        for value, kinds in values.items()
    }


ATTRIBUTES = ("biome", "time", "weather", "sky", "season", "subject", "camera", "style")
PHRASES = {attribute: read(attribute) for attribute in ATTRIBUTES}
"""By attribute and value."""

"""Sentences about a scene: partial, in free order, only with what is true.

Decides which attributes are spoken of and how phrases are joined. Knows nothing of pictures.
"""

from __future__ import annotations

import numpy as np

from training.world.attributes import Attributes
from training.world.phrases import PHRASES, Words

_SPOKEN = {
    "biome": 0.94, "time": 0.7, "weather": 0.72, "sky": 0.85, "season": 0.5, "subject": 0.8,
    "camera": 0.5, "style": 0.92,
}  # fmt: skip
# What is ordinary is mentioned less.
_SPOKEN_OF = {"clear": 0.3, "still": 0.15, "natural": 0.12, "day": 0.55}


def write(
    attributes: Attributes, rng: np.random.Generator, *, split: str = "train"
) -> tuple[str, tuple[str, ...]]:
    """A caption and the attributes it speaks of; the split `phrases` uses kept phrasings."""
    values = attributes.as_dict()
    spoken = [
        key for key, value in values.items()
        if value in PHRASES[key] and rng.random() < _SPOKEN_OF.get(value, _SPOKEN[key])
    ]  # fmt: skip
    if not {"biome", "time", "weather", "sky"} & set(spoken):
        spoken.append("biome")
    words = {key: PHRASES[key][values[key]] for key in spoken}
    kept = _kept(words, rng) if split == "phrases" else {}
    return tell(words, rng, kept), tuple(sorted(spoken))


def tell(
    words: dict[str, Words], rng: np.random.Generator, fixed: dict[str, str] | None = None
) -> str:
    """One phrasing of each of `words` put together; those in `fixed` as they are given there."""
    fixed = fixed or {}
    opening = _opening(words, fixed, rng)
    rest = [key for key in words if key not in opening[1]]
    rng.shuffle(rest)
    clauses = [fixed.get(key) or _pick(words[key].clauses, rng) for key in rest]
    text = _join(opening[0], clauses, rng)
    return _polish(text, rng)


def _kept(words: dict[str, Words], rng: np.random.Generator) -> dict[str, str]:
    """One or two attributes in words that training never saw."""
    keys = list(words)
    rng.shuffle(keys)
    return {key: _pick(words[key].kept, rng) for key in keys[: int(rng.integers(1, 3))]}


def _opening(
    words: dict[str, Words], kept: dict[str, str], rng: np.random.Generator
) -> tuple[str, set[str]]:
    """The noun phrase of the place, perhaps with adjectives or a style before it."""
    used: set[str] = set()
    if "biome" not in words:
        return "", used
    used.add("biome")
    noun = kept.get("biome") or _pick(words["biome"].nouns, rng)
    if "biome" not in kept:
        free = [key for key in words if words[key].adjectives and key not in kept]
        rng.shuffle(free)
        for key in free[: int(rng.choice([0, 1, 2], p=[0.5, 0.38, 0.12]))]:
            noun = _with_adjective(noun, _pick(words[key].adjectives, rng))
            used.add(key)
    style = words.get("style")
    if style and style.nouns and "style" not in kept and rng.random() < 0.35:
        noun = f"{_pick(style.nouns, rng)} {noun}"
        used.add("style")
    return noun, used


def _with_adjective(noun: str, adjective: str) -> str:
    article, _, rest = noun.partition(" ")
    if article in {"a", "an"}:
        return f"{'an' if adjective[0] in 'aeiou' else 'a'} {adjective} {rest}"
    return f"the {adjective} {rest}" if article == "the" else f"{adjective} {noun}"


def _join(opening: str, clauses: list[str], rng: np.random.Generator) -> str:
    """Clauses follow the noun; now and then some come first, or all are a bare list."""
    first = int(rng.integers(0, len(clauses) + 1)) if rng.random() < 0.3 else 0
    before = [clause for clause in clauses[:first] if not clause.startswith("and ")]
    after = [clause for clause in clauses if clause not in before]
    commas = rng.random() < 0.5
    text = opening
    for clause in after:
        glue = ", " if commas or clause.split(" ")[0] not in _PREPOSITIONS else " "
        text = f"{text}{glue}{clause}" if text else clause.removeprefix("and ")
    return ", ".join([*before, text] if text else before)


_PREPOSITIONS = frozenset(
    {"at", "by", "in", "with", "under", "and", "while", "as", "on", "after", "during", "beneath"}
    | {"wrapped", "covered", "like"}
)


def _polish(text: str, rng: np.random.Generator) -> str:
    draw = rng.random()
    if draw < 0.25:
        text = text[0].upper() + text[1:] + "."
    elif draw < 0.4:
        text = text[0].upper() + text[1:]
    elif draw < 0.5 and text.startswith(("a ", "an ", "the ")):
        text = text.split(" ", 1)[1]
    return text


def _pick(phrases: tuple[str, ...], rng: np.random.Generator) -> str:
    return phrases[int(rng.integers(len(phrases)))]

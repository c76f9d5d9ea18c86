"""Texts, and what each of them says: what the gloss of vista learns to read from.

Decides in which words something is said: in those of captions, in others (`words/`, written by
helpers who had not seen the kept phrasings of the evaluation), and beside words that say
nothing of it. Unlike scenes, texts may say what cannot be drawn together: a reader that knows what
is likely would read what nobody wrote. It does not know embeddings.
"""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from training.world.attributes import sample
from training.world.captions import tell, write
from training.world.phrases import PHRASES, Words, read

FOLDER = Path(__file__).parent / "words"
READ = ("biome", "time", "weather", "sky", "season", "subject", "style")
"""Attributes that are read. Not the camera, which vista does not follow."""
VALUES = {attribute: tuple(PHRASES[attribute]) for attribute in READ}
HELD_OUT = 8
"""One of so many other phrasings is kept to measure with."""
_SAID = (0.04, 0.2, 0.24, 0.22, 0.16, 0.09, 0.05)
_OFTEN = np.array([3, 2, 2, 2, 1, 1, 2]) / 13

Said = dict[str, str]
Vocabulary = dict[str, dict[str, Words]]


def is_held_out(phrasing: str) -> bool:
    """By the phrasing alone, so that it is the same in every run."""
    return zlib.crc32(phrasing.encode()) % HELD_OUT == 0


def other_words(chosen: Callable[[str], bool] = lambda phrasing: True) -> Vocabulary:
    """Phrasings of every attribute that no caption uses."""
    return {name: _only(read(name, FOLDER), chosen) for name in READ}


def nothing() -> Words:
    """What says nothing of what is read: `words/nothing.toml`, and moves of the camera."""
    (words,) = read("nothing", FOLDER).values()
    moves = tuple(move for each in PHRASES["camera"].values() for move in each.clauses)
    return Words(words.clauses + 3 * moves, words.adjectives, words.nouns)


def caption(rng: np.random.Generator) -> tuple[str, Said]:
    """As the transformer was trained with."""
    scene = sample(rng, split="train")
    text, spoken = write(scene, rng)
    values = scene.as_dict()
    return text, {key: values[key] for key in spoken if key in READ}


def free_text(
    rng: np.random.Generator, other: Vocabulary, idle: Words, *, share: float = 0.5
) -> tuple[str, Said, set[str]]:
    """None to six attributes, each in other words with a chance of `share`, between idle words.

    Gives the text, what it says, and which attributes it says in other words.
    """
    keys = [str(key) for key in rng.choice(READ, rng.choice(len(_SAID), p=_SAID), False, _OFTEN)]
    said = {key: VALUES[key][int(rng.integers(len(VALUES[key])))] for key in keys}
    newly = {key for key in keys if rng.random() < share}
    words = {key: (other if key in newly else PHRASES)[key][said[key]] for key in keys}
    parts: dict[str, Words] = {}
    for key, each in words.items():
        if key == "biome" and each.nouns and not (each.clauses and rng.random() < 0.2):
            parts[key] = each
        elif each.clauses:
            parts["place" if key == "biome" else key] = each
        else:
            del said[key]
    if "biome" not in parts and (not parts or rng.random() < 0.7):
        parts["biome"] = idle
    while rng.random() < 0.3:
        parts[f"idle {len(parts)}"] = idle
    order = rng.permutation(list(parts))
    return tell({key: parts[key] for key in order}, rng), said, newly & said.keys()


def _only(values: dict[str, Words], chosen: Callable[[str], bool]) -> dict[str, Words]:
    def some(phrasings: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(filter(chosen, phrasings))

    return {
        value: Words(some(each.clauses), some(each.adjectives), some(each.nouns))
        for value, each in values.items()
    }

"""Says a prompt in words that the weights know, where it uses others.

Decides when: where something is read in a text that none of its words say as captions did in
training. Then all that is read in it is said in front of it. A text in captions' words stays as it
is. Who reads is a small network on the encoder's token states, which lies with the weights; a
folder without one leaves every text as it is. It does not know the transformer.
"""

import re
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from scope.pipelines.vista.text import TEXT_TOKENS, Embedding, TextEncoder

GRAPH = "gloss.onnx"
LEXICON = "gloss.json"
KEPT = 256
"""Texts whose gloss is remembered."""
ARTICLES = ("a ", "an ", "the ", "and ")

Chances = NDArray[np.float32]

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Attribute(BaseModel):
    """What captions say of one attribute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    said_as: tuple[str, ...] = Field(min_length=1)
    """How each value is said, in the order of the graph's outputs after "not said"."""
    known: frozenset[str]
    """Every phrasing of every value, as `plain` gives them."""

    def is_said_in(self, words: str) -> bool:
        """words: of a text, in lower case, one space before and behind each."""
        return any(f" {phrasing} " in words for phrasing in self.known)


class Lexicon(BaseModel):
    """Captions' words for what the graph reads. The graph has an output for each attribute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: float = Field(ge=0, le=1)
    """Probability from which on something counts as read."""
    sure: float = Field(ge=0, le=1)
    """Probability from which on it is reason for a gloss where captions would say it otherwise."""
    attributes: dict[str, Attribute]


class Gloss:
    """A text encoder that is told what is read in a text as well.

    folder: of weights. encoder: reads texts, and encodes what comes out.
    """

    def __init__(self, folder: Path, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._session: onnxruntime.InferenceSession | None = None
        if (folder / GRAPH).is_file():
            self._lexicon = Lexicon.model_validate_json((folder / LEXICON).read_bytes())
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.log_severity_level = 3
            self._session = onnxruntime.InferenceSession(
                folder / GRAPH, options, providers=["CPUExecutionProvider"]
            )
        self.told = lru_cache(KEPT)(self._told)
        """The text that is encoded in place of another."""

    def encode(self, text: str) -> Embedding:
        """Token states and pooled sentence [33, 384] of the text and its gloss."""
        return self._encoder.encode(self.told(text))

    def unused(self, text: str) -> str:
        """The end of a text that is too long to be read."""
        return self._encoder.unused(self.told(text))

    def _told(self, text: str) -> str:
        words = f" {_words(text)} "
        said, new = list[str](), False
        for name, chances in self._read(text).items():
            attribute, best = self._lexicon.attributes[name], int(np.argmax(chances[1:]))
            chance = chances[1 + best]
            if chance >= self._lexicon.least:
                said.append(attribute.said_as[best])
                new |= chance >= self._lexicon.sure and not attribute.is_said_in(words)
        return ", ".join([*said, text]) if new else text

    def _read(self, text: str) -> dict[str, Chances]:
        """Probabilities of "not said" and of every value, by attribute."""
        if self._session is None or not text.strip():
            return {}
        states = self._encoder.encode(text)[None, :TEXT_TOKENS]
        names = list(self._lexicon.attributes)
        found = self._session.run(names, {"states": states})
        return {name: chances[0] for name, chances in zip(names, found, strict=True)}


def plain(phrasing: str) -> str:
    """Its words in lower case, without an article in front."""
    words = _words(phrasing)
    while words.startswith(ARTICLES):
        words = words.partition(" ")[2]
    return words


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))

"""Says a prompt in words that the weights know, where it uses others.

Decides when: where a text has a word that no caption of the training had, denies nothing, and
something is read in it that none of its phrasings say as captions did. Then all that is read in it
is said in front of it, as far as nothing of the text itself is lost by that. Who reads is a small
network on the encoder's token states, which lies with the weights; weights without one leave every
text as it is. It does not know the transformer.
"""

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from scope.pipelines.vista.text import TEXT_TOKENS, Embedding, TextEncoder

GRAPH = "gloss.onnx"
LEXICON = "gloss.json"
OPENINGS = ("a ", "an ", "the ", "and ")
"""What a phrasing may begin with or not."""
DENIALS = frozenset({"no", "not", "never", "without", "nor", "neither"})
"""A reader that learned from what is there does not see what is denied."""

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
        """words: of a text, as `words_of` gives them, one space before and behind each."""
        return any(f" {phrasing} " in words for phrasing in self.known)


class Lexicon(BaseModel):
    """Captions' words for what the graph reads. The graph has an output for each attribute."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: float = Field(ge=0, le=1)
    """Probability from which on something counts as read."""
    sure: float = Field(ge=0, le=1)
    """Probability from which on it is reason for a gloss where captions would say it otherwise."""
    attributes: dict[str, Attribute]
    words: frozenset[str]
    """Every word of every caption."""


class Gloss:
    """A text encoder that is told what is read in a text as well.

    folder: of weights. files: those of its manifest. encoder: reads texts, and encodes what comes
    out. Raises ValueError where graph and lexicon do not belong together.
    """

    def __init__(self, folder: Path, files: Collection[str], encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._session: onnxruntime.InferenceSession | None = None
        if GRAPH in files:
            self._lexicon = Lexicon.model_validate_json((folder / LEXICON).read_bytes())
            self._session = _session(folder / GRAPH)
            answers = {each.name: each.shape[-1] - 1 for each in self._session.get_outputs()}
            wanted = {name: len(each.said_as) for name, each in self._lexicon.attributes.items()}
            if answers != wanted:
                raise ValueError(f"{GRAPH} in {folder} reads something else than {LEXICON} says")

    def encode(self, text: str) -> Embedding:
        """Token states and pooled sentence [33, 384] of the text and its gloss."""
        return self._encoder.encode(self.told(text))

    def told(self, text: str) -> str:
        """The text that is encoded in place of another."""
        words = words_of(text)
        if self._session is None or self._lexicon.words.issuperset(words):
            return text
        if any(word in DENIALS or word.endswith("n't") for word in words):
            return text
        every, new = self._read(self._session, text)
        rest = self._encoder.unused(text)
        for said in (every, new):
            told = ", ".join([*said, text])
            if new and self._encoder.unused(told) == rest:
                return told
        return text

    def _read(
        self, session: onnxruntime.InferenceSession, text: str
    ) -> tuple[list[str], list[str]]:
        """All that is read, as captions say it, and of that what the text says in other words."""
        states = self._encoder.encode(text)[None, :TEXT_TOKENS]
        names = list(self._lexicon.attributes)
        found: list[Chances] = session.run(names, {"states": states})
        padded = f" {' '.join(words_of(text))} "
        every, new = [], []
        for attribute, chances in zip(self._lexicon.attributes.values(), found, strict=True):
            best = int(np.argmax(chances[0, 1:]))
            chance, said = chances[0, 1 + best], attribute.said_as[best]
            if chance >= self._lexicon.least:
                every.append(said)
                if chance >= self._lexicon.sure and not attribute.is_said_in(padded):
                    new.append(said)
        return every, new


def words_of(text: str) -> list[str]:
    """As the encoder tells them apart: in lower case, without accents."""
    apart = unicodedata.normalize(
        "NFD", text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    return _WORD.findall("".join(each for each in apart if unicodedata.category(each) != "Mn"))


def plain(phrasing: str) -> str:
    """Its words, without an article in front."""
    words = " ".join(words_of(phrasing))
    while words.startswith(OPENINGS):
        words = words.partition(" ")[2]
    return words


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

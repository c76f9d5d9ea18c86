"""From a prompt as it was typed to the numbers the text encoder reads.

Decides the cleaning the model was trained with, where a long prompt is cut and that the cut is
told. It does not know the encoder.
"""

import html
import re
from dataclasses import dataclass
from pathlib import Path

import ftfy
from tokenizers import Tokenizer

from scope.errors import LoadFailed

TEXT_TOKENS = 512

_END = "</s>"
_SPACE = re.compile(r"\s+")
_MAX_TOKENIZER_BYTES = 256 * 2**20


def cleaned(prompt: str) -> str:
    """Mended letters, unpacked entities (twice: they come packed twice), single spaces."""
    mended = ftfy.fix_text(prompt)
    unpacked = html.unescape(html.unescape(mended))
    return _SPACE.sub(" ", unpacked).strip()


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """ids: with the end mark. cut: the end of the prompt that found no room, usually empty."""

    ids: tuple[int, ...]
    cut: str


class PromptTokenizer:
    """A tokenizer.json, asked for at most `limit` tokens."""

    def __init__(self, path: Path, *, limit: int = TEXT_TOKENS) -> None:
        """path: the file or its folder. Raises LoadFailed."""
        file = path / "tokenizer.json" if path.is_dir() else path
        if not file.is_file() or file.stat().st_size > _MAX_TOKENIZER_BYTES:
            raise LoadFailed(f"there is no tokenizer at {file}")
        try:
            self._tokenizer = Tokenizer.from_str(file.read_text(encoding="utf-8"))
        except Exception as error:
            raise LoadFailed(f"{file.name} is not a tokenizer: {error}") from error
        end = self._tokenizer.token_to_id(_END)
        if end is None:
            raise LoadFailed(f"{file.name} has no end mark {_END}")
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._end: int = end
        self._limit = limit

    def __call__(self, text: str) -> PromptTokens:
        """Of a cleaned prompt."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        room = self._limit - 1
        cut = text[encoding.offsets[room][0] :] if len(encoding.ids) > room else ""
        return PromptTokens((*encoding.ids[:room], self._end), cut)

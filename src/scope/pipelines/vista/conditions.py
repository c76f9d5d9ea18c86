"""What the model is told besides a frame and its past, each computed once.

Decides how long it is kept: while its embedding is among those used last. Words rarely change
from one chunk to the next, so that most chunks compute nothing here. It does not know streams.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from scope.pipelines.vista.runtime import Array, Feed, Runtime
from scope.pipelines.vista.text import ROWS, TEXT_WIDTH, Embedding

KEPT = 16
"""Embeddings, of all streams; some 1 MB each."""
MOST_LEVELS = 32


class Conditions:
    """What follows from one embedding [33, 384]: text keys and values, and modulations."""

    def __init__(self, runtime: Runtime, embedding: Embedding) -> None:
        self.text: Feed = runtime.text(embedding)
        """Cross-attention keys and values of every layer, for each pass."""
        self._runtime = runtime
        self._embedding = embedding
        self._modulations: dict[float, Array] = {}

    def modulation(self, t: float) -> Array:
        """Every layer's modulation at noise level `t`, 0 to 1000. Not to be written to."""
        known = self._modulations.get(t)
        if known is None:
            if len(self._modulations) >= MOST_LEVELS:
                self._modulations.clear()
            known = self._modulations[t] = self._runtime.modulation(t, self._embedding)
        return known


def conditions_of(runtime: Runtime) -> Callable[[Embedding], Conditions]:
    """A function that remembers the conditions of the embeddings used last, by their values."""

    @lru_cache(KEPT)
    def made(values: bytes) -> Conditions:
        embedding = np.frombuffer(values, np.float32).reshape(ROWS, TEXT_WIDTH)
        return Conditions(runtime, embedding)

    return lambda embedding: made(embedding.tobytes())

"""One chunk's worth of representative work on the graphs, for whoever wants to time it.

Decides what is representative: four steps and the pass that remembers, with a full window, and a
decode. It does not know clocks.
"""

import numpy as np

from scope.pipelines.vista.runtime import Array, Runtime
from scope.pipelines.vista.self_test import Part
from scope.pipelines.vista.text import ROWS, TEXT_WIDTH

PASSES = 5


class Probe:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        size = runtime.manifest
        past = size.window - 1
        random = np.random.default_rng(0)
        keys = random.standard_normal((size.layers, past, size.tokens, size.dim), np.float32)
        embedding = random.standard_normal((ROWS, TEXT_WIDTH), np.float32)
        self._feed = {
            **runtime.text(embedding),
            **runtime.context(keys, keys, [*range(past + 1)]),
        }
        self._table = runtime.modulation(500.0, embedding)
        self._latent = random.standard_normal(size.latent_shape, np.float32)

    def parts(self) -> tuple[Part, ...]:
        """A chunk's work for the self-test."""
        return (self.flow, PASSES), (self.decode, 1)

    def flow(self) -> Array:
        """A pass."""
        return self._runtime.flow(self._latent, self._table, self._feed)

    def decode(self) -> Array:
        """A decode of a first frame; gives what the decoder remembers."""
        return self._runtime.decode(self._latent, self._runtime.empty_memory())[1]

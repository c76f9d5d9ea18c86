"""The graphs of vista on ONNX Runtime.

Decides sessions, which graph has which arithmetic, and the names of inputs. It holds weights only
and does not know streams or steps: every call is a function of its arguments.
"""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from scope.pipelines.vista.manifest import STEP_FILES, Manifest
from scope.pipelines.vista.rotary import Rotary
from scope.pipelines.vista.sampler import sinusoid
from scope.pipelines.vista.self_test import Setup
from scope.pipelines.vista.text import TEXT_TOKENS, Embedding

POOL = {
    "session.intra_op.allow_spinning": "1",
    "session.intra_op.spin_duration_us": "15",
    "session.force_spinning_stop": "1",
}
"""Within a pass a thread waits awake for the next operator, 15 µs at most: going to sleep and being
woken costs as much as a small operator. Longer waits take a busy machine's time from others and
from the pass itself. Between passes nobody waits awake.
"""

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Feed = dict[str, Array]


class Runtime:
    def __init__(self, folder: Path, manifest: Manifest, setup: Setup) -> None:
        self.manifest = manifest
        self.setup = setup
        threads = setup.threads
        self._step = open_session(folder / STEP_FILES[setup.precision], threads)
        self._text = open_session(folder / "text.onnx", 1)
        self._time = open_session(folder / "time.onnx", 1)
        self._decoder = open_session(folder / "decoder.onnx", threads)
        self.rotary = Rotary(manifest.grid, manifest.head_dim, manifest.window)
        layers = range(manifest.layers)
        self._text_names = [f"text_{kind}.{layer}" for layer in layers for kind in "kv"]
        self._new_names = [f"{kind}.{layer}" for kind in "kv" for layer in layers]
        shapes = {node.name: tuple(node.shape) for node in self._decoder.get_inputs()}
        self._memory_shape = shapes["memory"]

    def text(self, embedding: Embedding) -> Feed:
        """Cross-attention keys and values of a prompt, for every pass with it."""
        states = np.ascontiguousarray(embedding[None, :TEXT_TOKENS])
        values = self._text.run(self._text_names, {"text": states})
        return dict(zip(self._text_names, values, strict=True))

    def modulation(self, t: float, embedding: Embedding) -> Array:
        """Every layer's modulation at a noise level."""
        feed = {
            "sinusoid": sinusoid(t, self.manifest.freq_dim),
            "pooled": np.ascontiguousarray(embedding[TEXT_TOKENS:]),
        }
        out: Array = self._time.run(None, feed)[0]
        return out

    def context(self, keys: Array, values: Array, positions: list[int]) -> Feed:
        """Cached frames [layers, frames, tokens, dim] as inputs of a pass.

        positions are those of the frames given, and, last, of the frame to be made.
        """
        layers, dim = self.manifest.layers, self.manifest.dim
        *past, present = positions
        turned = self.rotary.turn(keys, past)
        feed: Feed = {"cos": self.rotary.cos[present], "sin": self.rotary.sin[present]}
        for layer in range(layers):
            feed[f"past_k.{layer}"] = turned[layer].reshape(1, -1, dim)
            feed[f"past_v.{layer}"] = values[layer].reshape(1, -1, dim)
        return feed

    def flow(self, x: Array, modulation: Array, feed: Feed) -> Array:
        """One denoising pass. feed: text and context together."""
        inputs = {**feed, "x": x, "modulation": modulation}
        out: Array = self._step.run(["flow"], inputs)[0]
        return out

    def remember(self, x: Array, modulation: Array, feed: Feed) -> tuple[Array, Array]:
        """The pass over a finished frame: its keys and values, [layers, tokens, dim] each."""
        inputs = {**feed, "x": x, "modulation": modulation}
        made = np.concatenate(self._step.run(self._new_names, inputs))
        return made[: self.manifest.layers], made[self.manifest.layers :]

    def empty_memory(self) -> Array:
        """What the decoder remembers before the first frame."""
        return np.zeros(self._memory_shape, np.float32)

    def decode(self, latent: Array, memory: Array) -> tuple[Pixels, Array]:
        """A latent frame as pictures [T, H, W, 3], and what to remember for the next."""
        feed = {"latent": latent[None], "memory": memory}
        pixels, memory = self._decoder.run(["pixels", "next_memory"], feed)
        return pixels, memory


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    for name, value in POOL.items():
        options.add_session_config_entry(name, value)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

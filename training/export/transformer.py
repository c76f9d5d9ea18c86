"""The causal transformer as three ONNX graphs: one denoising pass, text, time.

Decides what is computed once for a prompt (cross-attention keys and values), once for a noise
level (modulation) and once for a pass. Contextual keys come rotated from outside, because the
runtime rotates them once for all passes of a chunk; new keys leave un-rotated.
"""

import numpy as np
import onnx
from numpy.typing import NDArray

from scope.models.causal import CausalConfig, CausalTransformer
from training.export.graph import MICROSOFT, Graph

Array = NDArray[np.float32]


class _Weights:
    def __init__(self, model: CausalTransformer) -> None:
        self._state = {k: v.detach().float().numpy() for k, v in model.state_dict().items()}

    def __getitem__(self, name: str) -> Array:
        return self._state[name]

    def linear(self, graph: Graph, value: str, *names: str) -> str:
        """One product for several projections of the same value."""
        weight = np.concatenate([self[f"{name}.weight"] for name in names])
        bias = np.concatenate([self[f"{name}.bias"] for name in names])
        return graph.linear(value, "+".join(names), weight, bias)

    def rms(self, graph: Graph, value: str, name: str, eps: float, scale: float = 1.0) -> str:
        weight = graph.weight(f"{name}.weight", self[f"{name}.weight"] * scale)
        return graph.op("SimplifiedLayerNormalization", value, weight, axis=-1, epsilon=eps)


def step_graph(
    model: CausalTransformer,
    grid: tuple[int, int],
    *,
    half: bool = True,
    eight_bit: bool = False,
) -> onnx.ModelProto:
    """x, modulation, rotary tables, context and text keys/values to flow and new keys/values."""
    return _StepBuilder(model, grid, Graph("step", half=half, eight_bit=eight_bit)).build()


class _StepBuilder:
    def __init__(self, model: CausalTransformer, grid: tuple[int, int], graph: Graph) -> None:
        self.config: CausalConfig = model.config
        self.weights = _Weights(model)
        self.grid = grid
        self.tokens = grid[0] * grid[1]
        self.graph = graph

    def build(self) -> onnx.ModelProto:
        graph, config = self.graph, self.config
        half, height, width = config.head_dim // 2, *self._picture()
        x = graph.input("x", [config.in_channels, height, width])
        self.modulation = graph.input("modulation", [config.layers * 6 + 2, config.dim])
        self.cos = graph.input("cos", [self.tokens, half])
        self.sin = graph.input("sin", [self.tokens, half])
        self.places = graph.constant(np.arange(self.tokens, dtype=np.int64)[None])
        value = self._patchify(x)
        for layer in range(config.layers):
            value = self._block(value, layer)
        graph.output("flow", self._head(value), [config.out_channels, height, width])
        return graph.model()

    def _picture(self) -> tuple[int, int]:
        return self.grid[0] * self.config.patch[1], self.grid[1] * self.config.patch[2]

    def _row(self, index: int) -> str:
        place = self.graph.constant(np.array(index, np.int64))
        return self.graph.op("Gather", self.modulation, place, axis=0)

    def _patchify(self, x: str) -> str:
        graph, (rows, columns) = self.graph, self.grid
        _, height, width = self.config.patch
        x = graph.reshape(x, self.config.in_channels, rows, height, columns, width)
        x = graph.reshape(graph.transpose(x, 1, 3, 0, 2, 4), 1, self.tokens, -1)
        weight = self.weights["patch_embedding.weight"].reshape(self.config.dim, -1)
        return graph.linear(x, "patch_embedding", weight, self.weights["patch_embedding.bias"])

    def _norm(self, value: str, scale: str, shift: str) -> str:
        eps = self.config.eps
        return self.graph.op("LayerNormalization", value, scale, shift, axis=-1, epsilon=eps)

    def _gated(self, value: str, gate: str, branch: str) -> str:
        return self.graph.op("Add", value, self.graph.op("Mul", branch, gate))

    def _block(self, value: str, layer: int) -> str:
        name, graph = f"blocks.{layer}", self.graph
        rows = [self._row(6 * layer + index) for index in range(6)]
        y = self._norm(value, rows[1], rows[0])
        value = self._gated(value, rows[2], self._self_attention(y, layer))
        affine = [self.weights[f"{name}.norm3.{leaf}"] for leaf in ("weight", "bias")]
        scale, shift = (
            graph.weight(f"{name}.norm3.{leaf}", array)
            for leaf, array in zip(("weight", "bias"), affine, strict=True)
        )
        y = self._norm(value, scale, shift)
        value = graph.op("Add", value, self._cross_attention(y, layer))
        y = self._norm(value, rows[4], rows[3])
        y = self.weights.linear(graph, y, f"{name}.ffn.0")
        y = graph.op("FastGelu", y, domain=MICROSOFT)
        y = self.weights.linear(graph, y, f"{name}.ffn.2")
        return self._gated(value, rows[5], y)

    def _self_attention(self, y: str, layer: int) -> str:
        graph, config = self.graph, self.config
        name, dim = f"blocks.{layer}.self_attn", config.dim
        joint = self.weights.linear(graph, y, f"{name}.q", f"{name}.k", f"{name}.v")
        q, k, v = graph.ops("Split", joint, outputs=3, axis=-1, num_outputs=3)
        q = self.weights.rms(graph, q, f"{name}.norm_q", config.eps)
        k = self.weights.rms(graph, k, f"{name}.norm_k", config.eps)
        shape: list[int | str] = [1, self.tokens, dim]
        graph.output(f"k.{layer}", k, shape)
        graph.output(f"v.{layer}", v, shape)
        past = [graph.input(f"past_{kind}.{layer}", [1, "past", dim]) for kind in "kv"]
        keys = graph.op("Concat", past[0], self._rotate(k), axis=1)
        values = graph.op("Concat", past[1], v, axis=1)
        return self.weights.linear(graph, self._attend(self._rotate(q), keys, values), f"{name}.o")

    def _cross_attention(self, y: str, layer: int) -> str:
        graph, config = self.graph, self.config
        name = f"blocks.{layer}.cross_attn"
        q = self.weights.linear(graph, y, f"{name}.q")
        q = self.weights.rms(graph, q, f"{name}.norm_q", config.eps)
        text = [graph.input(f"text_{kind}.{layer}", [1, "text", config.dim]) for kind in "kv"]
        return self.weights.linear(graph, self._attend(q, *text), f"{name}.o")

    def _rotate(self, value: str) -> str:
        inputs = (value, self.places, self.cos, self.sin)
        heads, width = self.config.heads, self.config.head_dim
        return self.graph.op(
            "RotaryEmbedding",
            *inputs,
            domain=MICROSOFT,
            interleaved=1,
            num_heads=heads,
            rotary_embedding_dim=width,
        )

    def _attend(self, q: str, k: str, v: str) -> str:
        scale = self.config.head_dim**-0.5
        heads = self.config.heads
        return self.graph.op(
            "MultiHeadAttention", q, k, v, domain=MICROSOFT, num_heads=heads, scale=scale
        )

    def _head(self, value: str) -> str:
        graph, (rows, columns), last = self.graph, self.grid, 6 * self.config.layers
        _, height, width = self.config.patch
        y = self._norm(value, self._row(last + 1), self._row(last))
        y = self.weights.linear(graph, y, "head.head")
        y = graph.reshape(y, rows, columns, height, width, self.config.out_channels)
        return graph.reshape(
            graph.transpose(y, 4, 0, 2, 1, 3), self.config.out_channels, *self._picture()
        )


def text_graph(model: CausalTransformer, *, half: bool = True) -> onnx.ModelProto:
    """Text states [1, text, text_dim], zero-padded, to cross-attention keys and values."""
    graph, weights, config = Graph("text", half=half), _Weights(model), model.config
    text = graph.input("text", [1, "text", config.text_dim])
    y = weights.linear(graph, text, "text_embedding.0")
    y = graph.op("FastGelu", y, domain=MICROSOFT)
    y = weights.linear(graph, y, "text_embedding.2")
    for layer in range(config.layers):
        name = f"blocks.{layer}.cross_attn"
        k = weights.rms(graph, weights.linear(graph, y, f"{name}.k"), f"{name}.norm_k", config.eps)
        v = weights.linear(graph, y, f"{name}.v")
        for kind, value in (("k", k), ("v", v)):
            graph.output(f"text_{kind}.{layer}", value, [1, "text", config.dim])
    return graph.model()


def time_graph(model: CausalTransformer, *, half: bool = True) -> onnx.ModelProto:
    """A sinusoid of t and the pooled text to every layer's modulation, then the head's.

    Rows of a layer: shift, 1 + scale, gate of self-attention, then of the feed-forward; the last
    two rows are the head's shift and 1 + scale.
    """
    graph, weights, config = Graph("time", half=half), _Weights(model), model.config
    e = graph.input("sinusoid", [1, config.freq_dim])
    e = _silu(graph, weights.linear(graph, e, "time_embedding.0"))
    e = weights.linear(graph, e, "time_embedding.2")
    if config.pooled_dim:
        pooled = graph.input("pooled", [1, config.pooled_dim])
        e = graph.op("Add", e, weights.linear(graph, pooled, "pooled_embedding"))
    shared = weights.linear(graph, _silu(graph, e), "time_projection.1")
    shared = graph.reshape(shared, 1, 6, config.dim)
    tables = np.concatenate([weights[f"blocks.{n}.modulation"] for n in range(config.layers)])
    tables[:, [1, 4]] += 1.0
    layers = graph.op("Add", shared, graph.weight("blocks.modulation", tables))
    head = weights["head.modulation"][0] + np.array([[0.0], [1.0]], np.float32)
    last = graph.op("Add", e, graph.weight("head.modulation", head))
    rows = graph.op("Concat", graph.reshape(layers, -1, config.dim), last, axis=0)
    graph.output("modulation", rows, [config.layers * 6 + 2, config.dim])
    return graph.model()


def _silu(graph: Graph, value: str) -> str:
    return graph.op("Mul", value, graph.op("Sigmoid", value))

"""Names of the text encoder's tensors: from published to transformers' ones; what shapes tell.

Decides the map from `models_t5_umt5-xxl-enc-bf16.pth` and the eight-bit files made of it.
"""

import re
from typing import Any

from scope.errors import LoadFailed
from scope.models.checkpoint import LazyTensor, Weights
from scope.models.fp8 import MARKERS

_OUTSIDE = {"token_embedding": "shared", "norm": "encoder.final_layer_norm"}
_INSIDE = {
    "norm1": "layer.0.layer_norm",
    **{f"attn.{leaf}": f"layer.0.SelfAttention.{leaf}" for leaf in "qkvo"},
    "pos_embedding.embedding": "layer.0.SelfAttention.relative_attention_bias",
    "norm2": "layer.1.layer_norm",
    "ffn.gate.0": "layer.1.DenseReluDense.wi_0",
    "ffn.fc1": "layer.1.DenseReluDense.wi_1",
    "ffn.fc2": "layer.1.DenseReluDense.wo",
}
_IGNORED = MARKERS | {"spiece_model", "encoder.embed_tokens.weight"}
"""A marker, a tokenizer packed into the file, and what is the same tensor as `shared`."""

_BLOCK = re.compile(r"^blocks\.(\d+)\.(.+)$")
_FIRST = "encoder.block.0.layer"


def umt5_weights(weights: Weights) -> Weights:
    """The weights under transformers' names, whichever of the two the file uses."""
    renamed: dict[str, LazyTensor] = {}
    for name, tensor in weights.items():
        if name not in _IGNORED:
            module, _, leaf = name.rpartition(".")
            renamed[f"{to_transformers(module)}.{leaf}"] = tensor
    return renamed


def to_transformers(module: str) -> str:
    """The name of one published module in `UMT5EncoderModel`; a strange one stays as it is."""
    block = _BLOCK.match(module)
    if block is None:
        return _OUTSIDE.get(module, module)
    return f"encoder.block.{block[1]}.{_INSIDE.get(block[2], block[2])}"


def umt5_config(weights: Weights) -> dict[str, Any]:
    """What the shapes say, as arguments of `UMT5Config`. Raises LoadFailed."""
    vocabulary, dim = _shape(weights, "shared.weight")
    buckets, heads = _shape(weights, f"{_FIRST}.0.SelfAttention.relative_attention_bias.weight")
    inner, _ = _shape(weights, f"{_FIRST}.0.SelfAttention.q.weight")
    ffn, _ = _shape(weights, f"{_FIRST}.1.DenseReluDense.wi_0.weight")
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.block.")}
    return {
        "vocab_size": vocabulary,
        "d_model": dim,
        "d_kv": inner // heads,
        "d_ff": ffn,
        "num_layers": len(layers),
        "num_heads": heads,
        "relative_attention_num_buckets": buckets,
        "relative_attention_max_distance": 128,
        "layer_norm_epsilon": 1e-6,
        "feed_forward_proj": "gated-gelu",
        "dropout_rate": 0.0,
    }


def _shape(weights: Weights, name: str) -> tuple[int, int]:
    tensor = weights.get(name)
    if tensor is None or len(tensor.shape) != 2 or 0 in tensor.shape:
        raise LoadFailed(f"the weights lack {name}: not a UMT5 text encoder")
    return tensor.shape[0], tensor.shape[1]

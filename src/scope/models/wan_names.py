"""Names of the transformer's tensors: the published ones, diffusers' ones, and what shapes tell.

Decides the map both ways (text to video models; the two libraries call different norms `norm2`)
and how wide and deep a model is, so that no configuration file is needed. It does not know files.
"""

import re

from scope.errors import LoadFailed
from scope.models.causal_config import CausalConfig
from scope.models.checkpoint import LazyTensor, Weights

_HEAD_DIM = 128
"""Of every published model; a tiny one has to say its number of heads."""

_OUTSIDE = {
    "text_embedding.0": "condition_embedder.text_embedder.linear_1",
    "text_embedding.2": "condition_embedder.text_embedder.linear_2",
    "time_embedding.0": "condition_embedder.time_embedder.linear_1",
    "time_embedding.2": "condition_embedder.time_embedder.linear_2",
    "time_projection.1": "condition_embedder.time_proj",
    "patch_embedding": "patch_embedding",
    "head.head": "proj_out",
}
_INSIDE = {
    **{f"self_attn.{leaf}": f"attn1.to_{leaf}" for leaf in "qkv"},
    **{f"cross_attn.{leaf}": f"attn2.to_{leaf}" for leaf in "qkv"},
    "self_attn.o": "attn1.to_out.0",
    "cross_attn.o": "attn2.to_out.0",
    **{f"self_attn.norm_{leaf}": f"attn1.norm_{leaf}" for leaf in "qk"},
    **{f"cross_attn.norm_{leaf}": f"attn2.norm_{leaf}" for leaf in "qk"},
    "norm3": "norm2",
    "ffn.0": "ffn.net.0.proj",
    "ffn.2": "ffn.net.2",
}
_BARE_INSIDE = {"modulation": "scale_shift_table"}
_BARE_OUTSIDE = {"head.modulation": "scale_shift_table"}

_BLOCK = re.compile(r"^(blocks\.\d+\.)(.+)$")


def to_diffusers(name: str) -> str:
    """The name of one published tensor in `WanTransformer3DModel`. Raises KeyError."""
    return _mapped(name, _INSIDE, _OUTSIDE, _BARE_INSIDE, _BARE_OUTSIDE)


def from_diffusers(name: str) -> str:
    """The published name of one of `WanTransformer3DModel`. Raises KeyError."""
    inside = {theirs: ours for ours, theirs in _INSIDE.items()}
    outside = {theirs: ours for ours, theirs in _OUTSIDE.items()}
    bare = {"scale_shift_table": "head.modulation"}
    return _mapped(name, inside, outside, {"scale_shift_table": "modulation"}, bare)


def published(weights: Weights) -> Weights:
    """The weights under published names, whichever of the two the file uses."""
    if not any(name.startswith("condition_embedder.") for name in weights):
        return weights
    renamed: dict[str, LazyTensor] = {}
    for name, tensor in weights.items():
        try:
            renamed[from_diffusers(name)] = tensor
        except KeyError as error:
            raise LoadFailed(f"the weights hold {name}, which no text model has") from error
    return renamed


def config_of(weights: Weights, *, heads: int | None = None) -> CausalConfig:
    """What the shapes say about a model whose weights have published names. Raises LoadFailed."""
    dim, in_channels, *patch = _shape(weights, "patch_embedding.weight", 5)
    layers = [int(name.split(".")[1]) for name in weights if _BLOCK.match(name)]
    if not layers:
        raise LoadFailed("the weights hold no blocks: not a model of this family")
    head_rows = _shape(weights, "head.head.weight", 2)[0]
    depth, height, width = patch
    cells = depth * height * width
    if heads is None and dim % _HEAD_DIM:
        raise LoadFailed(f"a model of width {dim} does not tell its number of heads")
    return CausalConfig(
        dim=dim,
        heads=heads or dim // _HEAD_DIM,
        layers=max(layers) + 1,
        ffn=_shape(weights, "blocks.0.ffn.0.weight", 2)[0],
        text_dim=_shape(weights, "text_embedding.0.weight", 2)[1],
        freq_dim=_shape(weights, "time_embedding.0.weight", 2)[1],
        in_channels=in_channels,
        out_channels=head_rows // cells,
        patch=(depth, height, width),
    )


def _shape(weights: Weights, name: str, axes: int) -> tuple[int, ...]:
    tensor = weights.get(name)
    if tensor is None or len(tensor.shape) != axes or 0 in tensor.shape:
        raise LoadFailed(f"the weights lack {name}: not a model of this family")
    return tensor.shape


def _mapped(
    name: str,
    inside: dict[str, str],
    outside: dict[str, str],
    bare_inside: dict[str, str],
    bare_outside: dict[str, str],
) -> str:
    block = _BLOCK.match(name)
    front, rest = (block[1], block[2]) if block else ("", name)
    bare = bare_inside if block else bare_outside
    if rest in bare:
        return front + bare[rest]
    module, _, leaf = rest.rpartition(".")
    return f"{front}{(inside if block else outside)[module]}.{leaf}"

"""Names of the VAE's tensors: the published ones to diffusers' ones, and what shapes tell.

Decides the map from `Wan2.1_VAE.pth` and its narrow sibling. The published file numbers its parts
in one row; diffusers groups the decoder's by fours: three residual blocks and what enlarges.
"""

import re

from scope.errors import LoadFailed
from scope.models.checkpoint import LazyTensor, Weights
from scope.models.latent_scale import CHANNELS

_WHOLE = {
    "conv1": "quant_conv",
    "conv2": "post_quant_conv",
    **{f"{side}.conv1": f"{side}.conv_in" for side in ("encoder", "decoder")},
    **{f"{side}.head.0": f"{side}.norm_out" for side in ("encoder", "decoder")},
    **{f"{side}.head.2": f"{side}.conv_out" for side in ("encoder", "decoder")},
}
_RESIDUAL = {
    "residual.0": "norm1",
    "residual.2": "conv1",
    "residual.3": "norm2",
    "residual.6": "conv2",
    "shortcut": "conv_shortcut",
}
_MIDDLE = {"0": "resnets.0", "1": "attentions.0", "2": "resnets.1"}

_PART = re.compile(r"^(encoder|decoder)\.(middle|downsamples|upsamples)\.(\d+)\.(.+)$")


def vae_weights(weights: Weights) -> Weights:
    """The weights under diffusers' names, whichever of the two the file uses."""
    if "post_quant_conv.weight" in weights:
        return weights
    renamed: dict[str, LazyTensor] = {}
    for name, tensor in weights.items():
        module, _, leaf = name.rpartition(".")
        renamed[f"{to_diffusers(module)}.{leaf}"] = tensor
    return renamed


def base_widths_of(weights: Weights) -> tuple[int, int]:
    """The base width of encoder and decoder: 96 as published, 24 for LightVAE."""
    first, last = weights.get("encoder.conv_in.weight"), weights.get("decoder.conv_out.weight")
    latent = weights.get("post_quant_conv.weight")
    if first is None or last is None or latent is None or len(last.shape) != 5:
        raise LoadFailed("the weights are not those of a Wan VAE")
    if latent.shape[0] != CHANNELS:
        raise LoadFailed(f"the VAE has {latent.shape[0]} channels, {CHANNELS} are needed")
    return first.shape[0], last.shape[1]


def to_diffusers(module: str) -> str:
    """The name of one published module in `AutoencoderKLWan`; a strange one stays as it is."""
    if module in _WHOLE:
        return _WHOLE[module]
    part = _PART.match(module)
    if part is None:
        return module
    side, row, number, rest = part.groups()
    rest = _RESIDUAL.get(rest, rest)
    if row == "middle":
        return f"{side}.mid_block.{_MIDDLE.get(number, number)}.{rest}"
    if row == "downsamples":
        return f"{side}.down_blocks.{number}.{rest}"
    group, place = divmod(int(number), 4)
    inside = "upsamplers.0" if place == 3 else f"resnets.{place}"
    return f"{side}.up_blocks.{group}.{inside}.{rest}"

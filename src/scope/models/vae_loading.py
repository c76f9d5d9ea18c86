"""A codec from its weight file: which network the four kinds are.

Decides that "wan" and "lightvae" are one network of different width (the file tells which) and
"tae" and "lighttae" another one with different latents.
"""

from pathlib import Path

import torch
from diffusers import AutoencoderKLWan

from scope.models.assign import BytesDone, assign, on_meta
from scope.models.checkpoint import open_weights
from scope.models.tiny_vae import TinyNet, TinyVae, tiny_weights, widths_of
from scope.models.video_codec import VaeType, VideoCodec
from scope.models.wan_vae import WanVae
from scope.models.wan_vae_names import base_widths_of, vae_weights


def load_vae(
    vae_type: VaeType,
    path: Path,
    *,
    device: torch.device,
    dtype: torch.dtype,
    latents_per_pass: int = 1,
    progress: BytesDone | None = None,
) -> VideoCodec:
    """Raises LoadFailed."""
    weights = open_weights(path)
    if vae_type in {"tae", "lighttae"}:
        tiny = widths_of(weights)
        net = on_meta(lambda: TinyNet(tiny))
        assign(net, tiny_weights(weights), device=device, dtype=dtype, progress=progress)
        scaled = vae_type == "lighttae"
        return TinyVae(net, vae_scale=scaled, latents_per_pass=latents_per_pass)
    named = vae_weights(weights)
    encoder, decoder = base_widths_of(named)
    model = on_meta(lambda: AutoencoderKLWan(base_dim=encoder, decoder_base_dim=decoder))
    assign(model, named, device=device, dtype=dtype, progress=progress)
    return WanVae(model, latents_per_pass=latents_per_pass)

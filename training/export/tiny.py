"""A complete package of tiny random weights: what tests of the pipeline run on."""

from dataclasses import replace
from pathlib import Path

import torch

from scope.models.causal import CausalConfig, CausalTransformer
from scope.pipelines.vista.manifest import Manifest
from scope.pipelines.vista.text import TEXT_WIDTH
from training.codec.model import Codec, CodecShape
from training.export.package import Packing, codec_graphs, write_package

TINY = CausalConfig(
    dim=32,
    heads=2,
    layers=2,
    ffn=64,
    text_dim=TEXT_WIDTH,
    freq_dim=32,
    in_channels=4,
    out_channels=4,
    pooled_dim=TEXT_WIDTH,
)
PACKING = Packing(
    version="tiny",
    grid=(1, 2),
    width=64,
    height=32,
    window=3,
    sink=1,
    hold=0.5,
    context_t=120.0,
    turn_t=300.0,
    turn_guidance=0.8,
)


def tiny_model(seed: int = 0) -> CausalTransformer:
    """Every weight random, so that nothing is silent."""
    torch.manual_seed(seed)
    model = CausalTransformer(TINY).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.requires_grad_(False)


def tiny_codec(seed: int = 0) -> Codec:
    torch.manual_seed(seed)
    shape = CodecShape(latent=4, widths=(8, 8, 12, 16), picture_memory=True)
    codec = Codec(shape).eval().requires_grad_(False)
    for recall in codec.decoder.recalls:
        torch.nn.init.normal_(recall.mix.weight, std=0.05)
    codec.latent_mean += torch.randn(1, 4, 1, 1)
    codec.latent_std += 0.5
    return codec


def write_tiny_package(folder: Path, *, half: bool = True) -> Manifest:
    packing = replace(PACKING, half=half)
    return write_package(folder, tiny_model(), codec_graphs(tiny_codec(), packing), packing)

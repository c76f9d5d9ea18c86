"""Tiny random models under the names and in the layouts of the published files."""

from pathlib import Path

import torch
from diffusers import AutoencoderKLWan
from tokenizers import Tokenizer
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing
from torch import Tensor, nn
from transformers import UMT5Config, UMT5EncoderModel

from scope.models.wan_vae_names import to_diffusers

UMT5 = {
    "layer.0.layer_norm": "norm1",
    **{f"layer.0.SelfAttention.{leaf}": f"attn.{leaf}" for leaf in "qkvo"},
    "layer.0.SelfAttention.relative_attention_bias": "pos_embedding.embedding",
    "layer.1.layer_norm": "norm2",
    "layer.1.DenseReluDense.wi_0": "ffn.gate.0",
    "layer.1.DenseReluDense.wi_1": "ffn.fc1",
    "layer.1.DenseReluDense.wo": "ffn.fc2",
}
"""transformers' names of a layer's parts, and the published ones."""


def tiny_umt5(dim: int = 24) -> nn.Module:
    torch.manual_seed(0)
    config = UMT5Config(
        vocab_size=40, d_model=dim, d_kv=8, d_ff=48, num_layers=2, num_heads=3, dropout_rate=0.0
    )
    fresh = UMT5EncoderModel(config).eval().requires_grad_(False)
    for name, tensor in fresh.named_parameters():
        tensor.normal_(1.0, 0.3) if "layer_norm" in name else tensor.normal_(std=0.2)
    return fresh


def published_umt5(model: nn.Module) -> dict[str, Tensor]:
    renamed = {
        "token_embedding.weight": model.shared.weight,
        "norm.weight": model.encoder.final_layer_norm.weight,
    }
    for name, tensor in model.state_dict().items():
        if name.startswith("encoder.block."):
            _, _, number, rest = name.split(".", 3)
            renamed[f"blocks.{number}.{UMT5[rest.removesuffix('.weight')]}.weight"] = tensor
    return {name: tensor.clone() for name, tensor in renamed.items()}


def in_eight_bits(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As the published file without scales: the layers' matrices are e4m3, the rest bfloat16."""
    small = {}
    for name, tensor in tensors.items():
        inside = ".attn." in name or ".ffn." in name
        small[name] = tensor.to(torch.float8_e4m3fn if inside else torch.bfloat16)
    return small


PIECES = ["<pad>", "</s>", "<unk>", *"▁abcdefghijklmnopqrstuvwxyz,&é", "▁sea", "▁calm", "▁a"]
"""What the tiny tokenizer knows, by number."""


def write_tokenizer(file: Path, *, end: str = "</s>") -> Path:
    """Unigrams, word marks, an end mark, pads to 512."""
    pieces = [(end if piece == "</s>" else piece, -float(len(piece) < 2)) for piece in PIECES]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=2))
    tokenizer.pre_tokenizer = Metaspace()
    tokenizer.add_special_tokens(["<pad>", end])
    tokenizer.post_processor = TemplateProcessing(single=f"$A {end}", special_tokens=[(end, 1)])
    tokenizer.enable_padding(length=512)
    file.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(file))
    return file


def published_vae(model: AutoencoderKLWan) -> dict[str, Tensor]:
    modules = [f"{side}.{rest}" for side in ("encoder", "decoder") for rest in _vae_modules()]
    names = {to_diffusers(module): module for module in ["conv1", "conv2", *modules]}
    renamed = {}
    for name, tensor in model.state_dict().items():
        module, _, leaf = name.rpartition(".")
        renamed[f"{names[module]}.{leaf}"] = tensor
    return renamed


def _vae_modules() -> list[str]:
    inner = ["residual.0", "residual.2", "residual.3", "residual.6", "shortcut", "resample.1"]
    inner += ["time_conv", "norm", "to_qkv", "proj"]
    rows = [(row, n) for row in ("downsamples", "upsamples") for n in range(15)]
    rows += [("middle", n) for n in range(3)]
    return ["conv1", "head.0", "head.2", *(f"{r}.{n}.{i}" for r, n in rows for i in inner)]

"""The text encoder's names, and what its shapes tell."""

import pytest
import torch
from transformers import UMT5Config, UMT5EncoderModel

from scope.errors import LoadFailed
from scope.models.checkpoint import LazyTensor, Weights
from scope.models.umt5_names import umt5_config, umt5_weights

BLOCK = ["norm1", *(f"attn.{leaf}" for leaf in "qkvo"), "pos_embedding.embedding", "norm2"]
BLOCK += ["ffn.gate.0", "ffn.fc1", "ffn.fc2"]


def published(layers: int) -> list[str]:
    inside = [f"blocks.{n}.{name}.weight" for n in range(layers) for name in BLOCK]
    return ["token_embedding.weight", *inside, "norm.weight"]


def lazily(names: list[str], shape: tuple[int, ...] = (2, 2)) -> Weights:
    return {name: LazyTensor(shape, torch.float32, lambda: torch.zeros(0)) for name in names}


def test_every_published_name_finds_its_place():
    with torch.device("meta"):
        model = UMT5EncoderModel(UMT5Config(num_layers=3, d_model=8, vocab_size=9, d_ff=6))
    wanted = set(model.state_dict()) - {"encoder.embed_tokens.weight"}
    assert set(umt5_weights(lazily(published(3)))) == wanted
    assert set(umt5_weights(lazily(list(model.state_dict())))) == wanted


def test_markers_and_packed_tokenizers_are_left_out():
    assert not umt5_weights(lazily(["scaled_fp8", "spiece_model"]))
    assert list(umt5_weights(lazily(["blocks.0.attn.q.scale_weight"]))) == [
        "encoder.block.0.layer.0.SelfAttention.q.scale_weight"
    ]


def test_shapes_tell_the_published_configuration():
    sizes = {
        "token_embedding": (256384, 4096),
        "blocks.0.attn.q": (4096, 4096),
        "blocks.0.pos_embedding.embedding": (32, 64),
        "blocks.0.ffn.gate.0": (10240, 4096),
    }
    weights = {**lazily(published(24))}
    for name, size in sizes.items():
        weights |= lazily([f"{name}.weight"], size)
    config = umt5_config(umt5_weights(weights))
    wanted = {"vocab_size": 256384, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_layers": 24}
    assert wanted.items() <= config.items()
    assert UMT5Config(**config).dense_act_fn == "gelu_new"


def test_another_model_is_told():
    with pytest.raises(LoadFailed, match=r"lack shared.weight: not a UMT5"):
        umt5_config({})

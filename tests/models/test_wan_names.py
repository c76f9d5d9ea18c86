"""The transformer's names: both ways, and what the shapes tell."""

import pytest
import torch
from diffusers import WanTransformer3DModel

from scope.errors import LoadFailed
from scope.models.assign import assign, check, on_meta
from scope.models.causal import CausalConfig, CausalTransformer
from scope.models.checkpoint import LazyTensor, Weights, open_weights
from scope.models.wan_names import config_of, from_diffusers, published, to_diffusers

TINY = CausalConfig(dim=48, heads=3, layers=2, ffn=96, text_dim=24, freq_dim=32)
WAN_1_3B = CausalConfig(dim=1536, heads=12, layers=30, ffn=8960)
WAN_14B = CausalConfig(dim=5120, heads=40, layers=40, ffn=13824)


def theirs(config: CausalConfig) -> WanTransformer3DModel:
    return WanTransformer3DModel(
        num_attention_heads=config.heads,
        attention_head_dim=config.head_dim,
        text_dim=config.text_dim,
        freq_dim=config.freq_dim,
        ffn_dim=config.ffn,
        num_layers=config.layers,
        cross_attn_norm=True,
    )


def shapes(model: torch.nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def lazily(sizes: dict[str, tuple[int, ...]]) -> Weights:
    return {
        name: LazyTensor(size, torch.float32, lambda size=size: torch.randn(size))
        for name, size in sizes.items()
    }


@pytest.mark.parametrize("config", [TINY, WAN_1_3B, WAN_14B], ids=lambda config: str(config.dim))
def test_names_and_shapes_agree_with_diffusers_both_ways(config):
    ours = shapes(on_meta(lambda: CausalTransformer(config)))
    with torch.device("meta"):
        other = shapes(theirs(config))
    assert {to_diffusers(name): size for name, size in ours.items()} == other
    assert {from_diffusers(name) for name in other} == set(ours)
    assert all(from_diffusers(to_diffusers(name)) == name for name in ours)


def test_the_norm_before_the_text_is_called_norm3_here_and_norm2_there():
    assert to_diffusers("blocks.7.norm3.weight") == "blocks.7.norm2.weight"
    assert to_diffusers("head.modulation") == "scale_shift_table"
    assert from_diffusers("blocks.7.scale_shift_table") == "blocks.7.modulation"
    with pytest.raises(KeyError):
        to_diffusers("blocks.0.self_attn.to_qkv.weight")


@pytest.mark.parametrize("config", [WAN_1_3B, WAN_14B], ids=lambda config: str(config.dim))
def test_shapes_tell_the_whole_configuration(config):
    weights = lazily(shapes(on_meta(lambda: CausalTransformer(config))))
    assert config_of(weights) == config
    check(shapes(on_meta(lambda: CausalTransformer(config_of(weights)))), weights)


def test_a_tiny_model_says_its_number_of_heads():
    weights = lazily(shapes(on_meta(lambda: CausalTransformer(TINY))))
    assert config_of(weights, heads=3) == TINY
    with pytest.raises(LoadFailed, match="number of heads"):
        config_of(weights)


def test_a_file_of_another_family_is_told():
    with pytest.raises(LoadFailed, match=r"lack patch_embedding.weight"):
        config_of(lazily({"conv1.weight": (3, 3)}))
    with pytest.raises(LoadFailed, match="no blocks"):
        config_of(lazily({"patch_embedding.weight": (128, 16, 1, 2, 2)}))
    with pytest.raises(LoadFailed, match="which no text model has"):
        published(lazily({"condition_embedder.image_embedder.norm1.weight": (3,)}))


def test_a_published_file_and_a_diffusers_one_load_to_the_same_model(tmp_path):
    torch.manual_seed(0)
    source = CausalTransformer(TINY).state_dict()
    torch.save({"generator": {f"model.{name}": t for name, t in source.items()}}, tmp_path / "a.pt")
    torch.save({to_diffusers(name): t for name, t in source.items()}, tmp_path / "b.pt")
    for file in ("a.pt", "b.pt"):
        weights = published(open_weights(tmp_path / file))
        config = config_of(weights, heads=3)
        model = on_meta(lambda config=config: CausalTransformer(config))
        assign(model, weights, device=torch.device("cpu"), dtype=torch.float32)
        assert all(torch.equal(model.state_dict()[name], source[name]) for name in source)

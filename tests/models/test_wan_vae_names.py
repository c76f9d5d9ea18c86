"""The VAE's names: diffusers' own converter is the judge."""

import pytest
import torch
from diffusers import AutoencoderKLWan
from diffusers.loaders.single_file_utils import convert_wan_vae_to_diffusers

from scope.errors import LoadFailed
from scope.models.checkpoint import LazyTensor, Weights
from scope.models.wan_vae_names import base_widths_of, to_diffusers, vae_weights

CONV = ("weight", "bias")
RESIDUAL = {"residual.0": ("gamma",), "residual.2": CONV, "residual.3": ("gamma",)} | {
    "residual.6": CONV
}
SHORTCUT = {"shortcut": CONV}
ATTENTION = {"norm": ("gamma",), "to_qkv": CONV, "proj": CONV}
RESAMPLE = {"resample.1": CONV}
RESAMPLE_TIME = RESAMPLE | {"time_conv": CONV}


def published_names() -> list[str]:
    """Every name in `Wan2.1_VAE.pth`, from what is known of its layout."""
    parts: dict[str, dict[str, tuple[str, ...]]] = {"conv1": {"": CONV}, "conv2": {"": CONV}}
    for side in ("encoder", "decoder"):
        parts[f"{side}.conv1"] = {"": CONV}
        parts |= {f"{side}.middle.{n}": RESIDUAL for n in (0, 2)}
        parts[f"{side}.middle.1"] = ATTENTION
        parts[f"{side}.head"] = {"0": ("gamma",), "2": CONV}
    down = [RESIDUAL] * 2 + [RESAMPLE] + [RESIDUAL | SHORTCUT, RESIDUAL, RESAMPLE_TIME] * 2
    down += [RESIDUAL] * 2
    parts |= {f"encoder.downsamples.{n}": part for n, part in enumerate(down)}
    up = [RESIDUAL] * 3 + [RESAMPLE_TIME] + [RESIDUAL | SHORTCUT] + [RESIDUAL] * 2
    up += [RESAMPLE_TIME] + [RESIDUAL] * 3 + [RESAMPLE] + [RESIDUAL] * 3
    parts |= {f"decoder.upsamples.{n}": part for n, part in enumerate(up)}
    return [
        ".".join(filter(None, (part, module, leaf)))
        for part, modules in parts.items()
        for module, leaves in modules.items()
        for leaf in leaves
    ]


def lazily(names: list[str], size: int = 4) -> Weights:
    return {name: LazyTensor((size,) * 5, torch.float32, lambda: torch.zeros(0)) for name in names}


def test_every_published_name_becomes_the_one_the_library_gives_it():
    names = published_names()
    with torch.device("meta"):
        wanted = set(AutoencoderKLWan(base_dim=4).state_dict())
    assert set(vae_weights(lazily(names))) == wanted
    for name in names:
        module, _, leaf = name.rpartition(".")
        assert [f"{to_diffusers(module)}.{leaf}"] == list(convert_wan_vae_to_diffusers({name: 0}))


def test_a_file_with_the_library_s_names_is_taken_as_it_is():
    with torch.device("meta"):
        names = list(AutoencoderKLWan(base_dim=4).state_dict())
    assert list(vae_weights(lazily(names))) == names


def test_strange_names_are_left_for_the_strict_check():
    assert to_diffusers("decoder.extra.7.conv") == "decoder.extra.7.conv"


def test_widths_are_told_by_shapes():
    with torch.device("meta"):
        model = AutoencoderKLWan(base_dim=24, decoder_base_dim=16)
    weights = {name: LazyTensor.of(t) for name, t in model.state_dict().items()}
    assert base_widths_of(weights) == (24, 16)
    with pytest.raises(LoadFailed, match="not those of a Wan VAE"):
        base_widths_of({})
    with pytest.raises(LoadFailed, match="4 channels"):
        base_widths_of(lazily(list(weights)))

"""The published mean and width of each latent channel."""

import torch
from diffusers import AutoencoderKLWan

from scope.models.latent_scale import MEAN, STD, LatentScale

SCALE = LatentScale(torch.device("cpu"))


def test_the_figures_are_those_of_the_library():
    with torch.device("meta"):
        config = AutoencoderKLWan(base_dim=4).config
    assert tuple(config.latents_mean) == MEAN
    assert tuple(config.latents_std) == STD


def test_there_and_back_is_the_same_in_float32():
    latents = torch.randn(1, 16, 2, 3, 4)
    assert torch.allclose(SCALE.denormalised(SCALE.normalised(latents)), latents, atol=1e-6)
    assert SCALE.normalised(latents.bfloat16()).dtype == torch.float32
    one = torch.ones(1, 16, 1, 1, 1)
    assert torch.allclose(SCALE.denormalised(one)[0, 3].squeeze(), torch.tensor(2.6558 + 0.1075))

"""Each of the four kinds of codec from a file in its published form."""

from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKLWan
from safetensors.torch import save_file
from torch import Tensor

from scope.errors import LoadFailed
from scope.models.tiny_vae import TinyNet, TinyVae
from scope.models.vae_loading import load_vae
from scope.models.video_codec import VaeType, VideoCodec
from scope.models.wan_vae import WanVae
from tests.models.published import published_vae

CPU = torch.device("cpu")
LATENTS = torch.randn(1, 16, 3, 2, 2)


def load(kind: VaeType, path: Path) -> VideoCodec:
    return load_vae(kind, path, device=CPU, dtype=torch.float32)


def first_pictures(codec: VideoCodec) -> Tensor:
    return torch.cat(list(codec.decode(LATENTS, codec.open())))


@pytest.mark.parametrize("kind", ["wan", "lightvae"])
def test_a_wan_vae_loads_from_the_published_file_and_from_a_converted_one(tmp_path, kind):
    torch.manual_seed(0)
    model = AutoencoderKLWan(base_dim=4, decoder_base_dim=8).eval()
    torch.save(published_vae(model), tmp_path / "vae.pth")
    save_file(model.state_dict(), tmp_path / "vae.safetensors")
    expected = first_pictures(WanVae(model))
    for file in ("vae.pth", "vae.safetensors"):
        codec = load(kind, tmp_path / file)
        assert isinstance(codec, WanVae)
        assert torch.equal(first_pictures(codec), expected)


@pytest.mark.parametrize("kind", ["tae", "lighttae"])
def test_a_tiny_one_loads_and_its_kind_says_which_latents_it_wants(tmp_path, kind):
    torch.manual_seed(0)
    net = TinyNet((16, 12, 8, 4))
    torch.save(net.state_dict(), tmp_path / "tae.pth")
    expected = first_pictures(TinyVae(net, vae_scale=kind == "lighttae"))
    assert torch.equal(first_pictures(load(kind, tmp_path / "tae.pth")), expected)


def test_a_file_of_the_wrong_kind_is_told(tmp_path):
    torch.save(TinyNet().state_dict(), tmp_path / "tae.pth")
    with pytest.raises(LoadFailed, match="not those of a Wan VAE"):
        load("wan", tmp_path / "tae.pth")
    save_file(AutoencoderKLWan(base_dim=4).state_dict(), tmp_path / "vae.safetensors")
    with pytest.raises(LoadFailed, match="not those of a tiny autoencoder"):
        load("tae", tmp_path / "vae.safetensors")

"""The VAE piece by piece is diffusers' VAE over the whole clip."""

import pytest
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from scope.models.latent_scale import LatentScale
from scope.models.video_codec import CodecState
from scope.models.wan_vae import WanVae

SCALE = LatentScale(torch.device("cpu"))
FRAMES = 7


def network(base_dim: int = 4) -> AutoencoderKLWan:
    torch.manual_seed(0)
    model = AutoencoderKLWan(base_dim=base_dim).eval().requires_grad_(False)
    for name, tensor in model.named_parameters():
        if name.endswith("gamma"):
            tensor.uniform_(0.5, 1.5)
        elif "time_conv" in name or name.endswith("bias"):
            tensor.normal_(std=0.3)
    # An untrained network paints grey; spread its output over the whole range.
    model.decoder.conv_out.weight.mul_(3.0)
    return model


@pytest.fixture(scope="module")
def model() -> AutoencoderKLWan:
    return network()


@pytest.fixture(scope="module")
def latents() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(1, 16, FRAMES, 2, 3)


@pytest.fixture(scope="module")
def whole(model, latents) -> Tensor:
    clip = model.decode(SCALE.denormalised(latents)).sample
    pixels = ((clip[0].permute(1, 2, 3, 0) + 1) * 127.5).round().to(torch.uint8)
    assert pixels.float().std() > 30
    assert (pixels[0] != pixels[-1]).float().mean() > 0.5
    return pixels


def decoded(
    vae: WanVae, latents: Tensor, sizes: tuple[int, ...], state: CodecState
) -> list[Tensor]:
    return [piece for part in latents.split(sizes, dim=2) for piece in vae.decode(part, state)]


@pytest.mark.parametrize("sizes", [(1,) * 7, (3, 3, 1), (1, 3, 2, 1), (7,)])
@pytest.mark.parametrize("latents_per_pass", [1, 3])
def test_decoding_in_pieces_is_decoding_the_clip(model, latents, whole, sizes, latents_per_pass):
    vae = WanVae(model, latents_per_pass=latents_per_pass)
    made = torch.cat(decoded(vae, latents, sizes, vae.open()))
    assert made.shape == (1 + 4 * (FRAMES - 1), 16, 24, 3)
    assert made.dtype == torch.uint8
    # Processors round sums of other lengths otherwise: one level of 255, in few places.
    assert (made.int() - whole.int()).abs().max() <= 1
    assert (made != whole).float().mean() < 0.01


def test_pieces_come_one_latent_at_a_time(model, latents):
    vae = WanVae(model)
    assert [len(p) for p in decoded(vae, latents, (3, 3, 1), vae.open())] == [1, *[4] * 6]


@pytest.fixture(scope="module")
def streamed(model, latents) -> Tensor:
    """The clip as a stream that nothing disturbs makes it."""
    vae = WanVae(model)
    return torch.cat(decoded(vae, latents, (FRAMES,), vae.open()))


def test_a_fresh_state_is_a_reset_and_two_streams_do_not_meet(model, latents, streamed):
    vae = WanVae(model)
    one, other = vae.open(), vae.open()
    decoded(vae, torch.randn(1, 16, 2, 2, 3), (2,), other)
    made = []
    for part in latents.split(1, dim=2):
        made += vae.decode(part, one)
        decoded(vae, torch.randn(1, 16, 1, 2, 3), (1,), other)
    assert torch.equal(torch.cat(made), streamed)


@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_a_mark_and_a_dump_continue_bit_for_bit(model, latents, streamed, after):
    vae = WanVae(model)
    state = vae.open()
    decoded(vae, latents[:, :, :after], (after,), state)
    mark, dumped = state.copy(), state.dump()
    decoded(vae, torch.randn(1, 16, 3, 2, 3), (3,), state)
    state.become(mark)
    rest = streamed[1 + 4 * (after - 1) :] if after else streamed
    for resumed in (state, vae.load(dumped)):
        made = decoded(vae, latents[:, :, after:], (FRAMES - after,), resumed)
        assert torch.equal(torch.cat(made), rest)


def test_a_state_moves_only_with_the_pieces_that_were_taken(model, latents):
    vae = WanVae(model)
    state = vae.open()
    pieces = vae.decode(latents[:, :, :3], state)
    assert state.latents == 0
    next(pieces)
    assert state.latents == 1


@pytest.mark.parametrize("sizes", [(9,), (1, 8), (5, 4), (1, 4, 4)])
def test_encoding_in_pieces_is_encoding_the_clip(model, sizes):
    torch.manual_seed(2)
    pixels = torch.randint(0, 256, (9, 16, 24, 3), dtype=torch.uint8)
    clip = (pixels.permute(3, 0, 1, 2)[None] / 255.0) * 2 - 1
    expected = SCALE.normalised(model.encode(clip).latent_dist.mode())
    vae = WanVae(model)
    state = vae.open_encoder()
    made = torch.cat([vae.encode(part, state) for part in pixels.split(sizes)], dim=2)
    assert made.shape == (1, 16, 3, 2, 3)
    assert torch.allclose(made, expected, atol=1e-5)
    assert expected.std() > 0.01


def test_an_encoder_continues_from_its_dump(model):
    vae = WanVae(model)
    pixels = torch.randint(0, 256, (9, 16, 24, 3), dtype=torch.uint8)
    state = vae.open_encoder()
    whole = vae.encode(pixels, vae.open_encoder())
    vae.encode(pixels[:5], state)
    rest = vae.encode(pixels[5:], vae.load_encoder(state.dump("e"), prefix="e"))
    assert torch.allclose(rest, whole[:, :, 2:], atol=1e-6)


def test_the_published_narrow_width_is_the_same_code(latents):
    vae = WanVae(network(24))
    made = torch.cat(decoded(vae, latents[:, :, :3, :2, :2], (1, 2), vae.open()))
    assert made.shape == (9, 16, 16, 3)


def test_half_precision_paints_nearly_the_same(latents, whole):
    vae = WanVae(network().bfloat16())
    made = torch.cat(decoded(vae, latents, (FRAMES,), vae.open()))
    assert (made.float() - whole.float()).abs().mean() < 0.02 * whole.float().std() * 3

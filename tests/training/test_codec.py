from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch

from training.codec import train, unroll
from training.codec.drift import there_and_back
from training.codec.grow import grown
from training.codec.losses import (
    Weights,
    gradient_energy,
    psnr,
    rarity,
    reconstruction,
    sharpened,
    ssim,
)
from training.codec.model import Codec, CodecShape, picture_of
from training.codec.optimizer import optimizers
from training.codec.unroll import disturbed, unrolled
from training.muon import Muon, orthogonalise


@pytest.fixture
def codec() -> Codec:
    torch.manual_seed(0)
    shape = CodecShape(latent=4, widths=(8, 16, 16, 32), encoder_blocks=(1, 1, 1))
    model = Codec(shape).eval()
    model.latent_mean.fill_(0.3)
    model.latent_std.fill_(1.7)
    return model


@pytest.fixture
def recalling(codec: Codec) -> Codec:
    """The same with a memory of pictures that it makes use of."""
    model = grown(codec, replace(codec.shape, picture_memory=True)).eval()
    for recall in model.decoder.recalls:
        torch.nn.init.normal_(recall.mix.weight, std=0.05)
    return model


@torch.no_grad()
def test_later_pictures_do_not_change_earlier_ones(codec: Codec) -> None:
    clip = torch.rand(1, 12, 3, 64, 96)
    other = torch.cat([clip[:, :8], torch.rand(1, 4, 3, 64, 96)], dim=1)

    one, two = codec.encode_clip(clip), codec.encode_clip(other)
    assert torch.equal(one[:, :2], two[:, :2])
    assert not torch.equal(one[:, 2], two[:, 2])

    made, made_other = codec.decode_clip(one), codec.decode_clip(two)
    assert torch.equal(made[:, :8], made_other[:, :8])


@torch.no_grad()
def test_streaming_equals_decoding_the_whole_clip(codec: Codec) -> None:
    latents = codec.encode_clip(torch.rand(1, 12, 3, 64, 96))
    memory, parts = torch.zeros(1, 4, 4, 6), []
    for group in range(3):
        pictures, memory = codec.decode(latents[:, group], memory)
        parts.append(pictures)

    assert torch.equal(torch.cat(parts, dim=1), codec.decode_clip(latents))


@torch.no_grad()
def test_the_memory_is_the_raw_latent_before(codec: Codec) -> None:
    latent = torch.randn(1, 4, 4, 6)

    _, memory = codec.decode(latent, torch.zeros(1, 4, 4, 6))

    assert torch.allclose(memory, latent * 1.7 + 0.3)


@torch.no_grad()
def test_a_memory_of_pictures_streams_as_well(recalling: Codec) -> None:
    latents = recalling.encode_clip(torch.rand(2, 12, 3, 64, 96))
    memory, parts = torch.zeros(2, 4 + 768, 4, 6), []
    for group in range(3):
        pictures, memory = recalling.decode(latents[:, group], memory)
        parts.append(pictures)

    whole = recalling.decode_clip(latents)
    assert torch.equal(torch.cat(parts, dim=1), whole)
    assert torch.allclose(memory[:, :4], latents[:, -1] * 1.7 + 0.3)
    assert torch.allclose(picture_of(memory[:, 4:]) / 2 + 0.5, whole[:, -1], atol=1e-6)


@torch.no_grad()
def test_the_picture_before_is_seen(recalling: Codec) -> None:
    latent = torch.randn(1, 4, 4, 6)
    memory = recalling.empty_memory(latent)
    light = memory.clone()
    light[:, 4:] = 1

    assert not torch.equal(recalling.decode(latent, memory)[0], recalling.decode(latent, light)[0])


@torch.no_grad()
@pytest.mark.parametrize(("height", "width"), [(64, 96), (96, 64), (128, 32)])
def test_any_size_in_steps_of_32_works(codec: Codec, height: int, width: int) -> None:
    clip = torch.rand(2, 8, 3, height, width)

    latents = codec.encode_clip(clip)

    assert latents.shape == (2, 2, 4, height // 16, width // 16)
    assert codec.decode_clip(latents).shape == clip.shape


def test_the_decoder_stays_within_a_gigaflop_a_picture() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    codec = Codec(CodecShape(picture_memory=True))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        latent = torch.zeros(1, codec.shape.latent, 12, 20)
        codec.decode(latent, codec.empty_memory(latent))

    assert counter.get_total_flops() / 4 < 1e9


def test_identical_pictures_score_perfectly() -> None:
    clip = torch.rand(2, 4, 3, 32, 32)

    assert torch.allclose(ssim(clip, clip), torch.ones(2), atol=1e-4)
    assert (psnr(clip, clip) > 60).all()
    assert (psnr(clip, clip * 0.9) < 40).all()


def test_a_lone_star_is_rare_and_an_even_sky_is_not() -> None:
    sky = torch.full((1, 3, 32, 32), 0.1)
    sky[..., 16, 16] = 0.9

    found = rarity(sky)

    assert found[0, 0, 16, 16] == 1
    assert found[0, 0, 2, 2] < 1e-5


def test_orthogonalising_evens_out_singular_values() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(16, 40) @ torch.diag(torch.logspace(0, -2, 40))

    values = torch.linalg.svdvals(orthogonalise(matrix).float())

    assert values.min() > 0.3
    assert values.max() < 1.4


def test_muon_descends() -> None:
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.randn(8, 8))
    optimizer = Muon([weight], lr=0.1, momentum=0.9)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = (weight - torch.eye(8)).square().sum()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))

    assert losses[-1] < 0.2 * losses[0]


def test_only_what_may_learn_is_optimised(codec: Codec) -> None:
    codec.encoder.requires_grad_(False)

    groups = [g for o in optimizers(codec, muon_lr=0.1, adam_lr=0.1) for g in o.param_groups]

    learning = {id(parameter) for group in groups for parameter in group["params"]}
    assert learning == {id(parameter) for parameter in codec.decoder.parameters()}


@torch.no_grad()
def test_a_grown_codec_says_the_same_at_first(codec: Codec) -> None:
    larger = CodecShape(
        latent=4, widths=(8, 16, 16, 32), encoder_blocks=(1, 3, 2), decoder_blocks=(3, 2, 5)
    )
    grew = grown(codec, larger).eval()
    clip = torch.rand(1, 8, 3, 64, 96)
    latents = codec.encode_clip(clip)
    assert torch.allclose(grew.encode_clip(clip), latents, atol=1e-5)
    assert torch.allclose(grew.decode_clip(latents), codec.decode_clip(latents), atol=1e-5)


@torch.no_grad()
def test_new_channels_are_not_listened_to_at_first(codec: Codec) -> None:
    shape = CodecShape(latent=7, widths=(8, 16, 16, 32), encoder_blocks=(1, 1, 1))
    grew = grown(codec, shape).eval()
    clip = torch.rand(1, 8, 3, 64, 96)
    latents, wider = codec.encode_clip(clip), grew.encode_clip(clip)
    assert torch.allclose(wider[:, :, :4], latents, atol=1e-5)
    assert float(wider[:, :, 4:].std()) > 0
    assert torch.allclose(grew.decode_clip(wider), codec.decode_clip(latents), atol=1e-5)


@torch.no_grad()
def test_a_memory_of_pictures_says_nothing_at_first(codec: Codec) -> None:
    grew = grown(codec, replace(codec.shape, picture_memory=True)).eval()
    clip = torch.rand(1, 12, 3, 64, 96)
    latents = codec.encode_clip(clip)
    assert torch.allclose(grew.decode_clip(latents), codec.decode_clip(latents), atol=1e-5)
    for name, tensor in codec.encoder.state_dict().items():
        assert torch.equal(grew.encoder.state_dict()[name], tensor)


@torch.no_grad()
def test_a_memory_of_pictures_stays_when_blocks_are_added(recalling: Codec) -> None:
    grew = grown(recalling, replace(recalling.shape, decoder_blocks=(4, 2, 4))).eval()
    latents = torch.randn(1, 3, 4, 4, 6)
    found, wanted = grew.decode_clip(latents), recalling.decode_clip(latents)
    assert torch.allclose(found, wanted, atol=1e-5)
    with pytest.raises(ValueError, match="memory"):
        grown(recalling, replace(recalling.shape, picture_memory=False))


def test_a_codec_only_grows(codec: Codec) -> None:
    for other in (CodecShape(latent=4, widths=(8, 16, 16, 64)),
                  CodecShape(latent=3, widths=(8, 16, 16, 32))):  # fmt: skip
        with pytest.raises(ValueError, match="can grow"):
            grown(codec, other)
    with pytest.raises(ValueError, match="lose"):
        grown(codec, CodecShape(latent=4, widths=(8, 16, 16, 32), decoder_blocks=(1, 2, 4)))


def test_the_structure_loss_falls_with_the_similarity() -> None:
    clip = torch.rand(1, 8, 3, 32, 32)
    rare = rarity(clip.flatten(0, 1))

    def extra(made: torch.Tensor) -> float:
        with_it, without = (
            float(reconstruction(made, clip, rare, Weights(structure=share)))
            for share in (1.0, 0.0)
        )
        return with_it - without

    assert extra(clip) == pytest.approx(0, abs=1e-5)
    flat = clip.mean(dim=(3, 4), keepdim=True).expand_as(clip)
    assert extra(0.9 * clip + 0.1 * flat) < extra(0.5 * clip + 0.5 * flat) < extra(flat)


@torch.no_grad()
def test_training_decodes_as_a_stream_where_nothing_is_disturbed(recalling, monkeypatch) -> None:
    monkeypatch.setattr(unroll, "disturbed", lambda picture: picture)
    monkeypatch.setattr(unroll, "mixed", nullcontext)  # a stream decodes in float32
    latents = torch.randn(2, 3, 4, 4, 6)
    raw = latents * recalling.latent_std + recalling.latent_mean

    made = unrolled(recalling, raw).clamp(0, 1)

    assert torch.allclose(made, recalling.decode_clip(latents), atol=1e-5)


def test_the_picture_in_a_memory_is_noisy_and_sometimes_missing() -> None:
    torch.manual_seed(0)
    picture = torch.full((200, 768, 1, 1), 0.5)

    found = disturbed(picture)

    error = (found - picture).abs().flatten(1).mean(1)
    missing = (found == 0).flatten(1).all(1)
    assert 0.05 < missing.float().mean() < 0.25
    assert (error > 0).all()
    assert error[~missing].max() < 0.4
    empty = torch.zeros(2, 0, 1, 1)
    assert disturbed(empty) is empty


def test_a_fixed_encoder_learns_nothing_and_the_memory_does(recalling, monkeypatch) -> None:
    monkeypatch.setattr(train, "fused_reconstruction", lambda: reconstruction)
    recalling.encoder.requires_grad_(False)
    clip = torch.rand(2, 12, 3, 32, 32)

    loss, pictures = train.forward(recalling, clip, Weights(), noise=0.05, sharpen=0.5)
    loss.backward()

    assert pictures.shape == clip.shape
    assert all(parameter.grad is None for parameter in recalling.encoder.parameters())
    for recall in recalling.decoder.recalls:
        assert float(recall.mix.weight.grad.abs().max()) > 0


def test_sharpening_strengthens_detail_and_leaves_even_colour() -> None:
    torch.manual_seed(0)
    clip = torch.rand(1, 4, 3, 32, 48)
    even = torch.full_like(clip, 0.7)

    assert gradient_energy(sharpened(clip, 0.5)) > 1.5 * gradient_energy(clip)
    assert torch.allclose(sharpened(even, 0.5), even, atol=1e-6)
    assert torch.equal(sharpened(clip, 0.0), clip)


def test_a_walk_there_and_back_repeats_itself() -> None:
    assert there_and_back(5, 11) == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2]

"""The tiny autoencoder: streaming is the whole clip at once, and names are the published ones."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from scope.models.assign import check
from scope.models.checkpoint import LazyTensor
from scope.models.latent_scale import LatentScale
from scope.models.tiny_vae import TinyNet, TinyVae, tiny_weights
from scope.models.video_codec import CodecState

SCALE = LatentScale(torch.device("cpu"))
FRAMES = 5
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def net() -> TinyNet:
    torch.manual_seed(0)
    fresh = TinyNet().eval().requires_grad_(False)
    fresh.decoder[22].weight.mul_(40.0)
    fresh.decoder[22].bias.fill_(0.5)
    return fresh


@pytest.fixture(scope="module")
def latents() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(1, 16, FRAMES, 2, 3) * 2


def memory_block(x: Tensor, state: State, name: str) -> Tensor:
    """Over all frames at once, by the published names."""
    past = F.pad(x, (0, 0, 0, 0, 0, 0, 1, 0))[:-1]
    y = torch.cat((x, past), 1)
    for layer in (0, 2, 4):
        y = F.conv2d(
            y, state[f"{name}.conv.{layer}.weight"], state[f"{name}.conv.{layer}.bias"], padding=1
        )
        y = y.relu() if layer < 4 else y
    return (y + x).relu()


def oracle_decode(state: State, z: Tensor) -> Tensor:
    """z [T, 16, h, w] to [4T, 3, 8h, 8w], unclamped, nothing hidden."""
    x = 3 * (z / 3).tanh()
    x = F.conv2d(x, state["decoder.1.weight"], state["decoder.1.bias"], padding=1).relu()
    for start, grow in ((3, 1), (9, 2), (15, 2)):
        for place in range(start, start + 3):
            x = memory_block(x, state, f"decoder.{place}")
        x = x.repeat_interleave(2, -1).repeat_interleave(2, -2)
        y = F.conv2d(x, state[f"decoder.{start + 4}.conv.weight"])
        x = y.unflatten(1, (grow, x.shape[1])).flatten(0, 1)
        x = F.conv2d(x, state[f"decoder.{start + 5}.weight"], padding=1)
    return F.conv2d(x.relu(), state["decoder.22.weight"], state["decoder.22.bias"], padding=1)


def oracle_encode(state: State, x: Tensor) -> Tensor:
    x = F.conv2d(x, state["encoder.0.weight"], state["encoder.0.bias"], padding=1).relu()
    for start, pool in ((2, 2), (7, 2), (12, 1)):
        x = x.unflatten(0, (-1, pool)).flatten(1, 2)
        x = F.conv2d(x, state[f"encoder.{start}.conv.weight"])
        x = F.conv2d(x, state[f"encoder.{start + 1}.weight"], padding=1, stride=2)
        for place in range(start + 2, start + 5):
            x = memory_block(x, state, f"encoder.{place}")
    return F.conv2d(x, state["encoder.17.weight"], state["encoder.17.bias"], padding=1)


@pytest.fixture(scope="module")
def whole(net, latents) -> Tensor:
    frames = oracle_decode(net.state_dict(), latents[0].transpose(0, 1))[3:]
    pixels = (frames.clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
    assert pixels.float().std() > 20
    return pixels


def decoded(
    vae: TinyVae, latents: Tensor, sizes: tuple[int, ...], state: CodecState
) -> list[Tensor]:
    return [piece for part in latents.split(sizes, dim=2) for piece in vae.decode(part, state)]


@pytest.mark.parametrize("sizes", [(1,) * 5, (3, 2), (2, 1, 2), (5,)])
@pytest.mark.parametrize("latents_per_pass", [1, 2, 5])
def test_decoding_in_pieces_is_the_clip_at_once(net, latents, whole, sizes, latents_per_pass):
    vae = TinyVae(net, vae_scale=False, latents_per_pass=latents_per_pass)
    made = torch.cat(decoded(vae, latents, sizes, vae.open()))
    assert made.shape == (1 + 4 * (FRAMES - 1), 16, 24, 3)
    assert (made.int() - whole.int()).abs().max() <= 1


def test_blocks_of_three_make_nine_pictures_and_then_twelve(net):
    vae = TinyVae(net, vae_scale=False)
    state = vae.open()
    counts = [[len(p) for p in vae.decode(torch.randn(1, 16, 3, 2, 2), state)] for _ in range(3)]
    assert counts == [[1, 4, 4], [4, 4, 4], [4, 4, 4]]


def test_light_weights_see_latents_in_the_scale_of_the_vae(net, latents):
    light, plain = TinyVae(net, vae_scale=True), TinyVae(net, vae_scale=False)
    got = torch.cat(list(light.decode(latents, light.open())))
    assert torch.equal(
        got, torch.cat(list(plain.decode(SCALE.denormalised(latents), plain.open())))
    )
    assert not torch.equal(got, torch.cat(list(plain.decode(latents, plain.open()))))


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_mark_and_a_dump_continue_bit_for_bit(net, latents, after):
    vae = TinyVae(net, vae_scale=False)
    state = vae.open()
    whole = torch.cat(decoded(vae, latents, (1,) * 5, vae.open()))
    decoded(vae, latents[:, :, :after], (1,) * after, state)
    mark, dumped = state.copy(), state.dump()
    decoded(vae, torch.randn(1, 16, 2, 2, 3), (2,), state)
    state.become(mark)
    rest = whole[1 + 4 * (after - 1) :] if after else whole
    for resumed in (state, vae.load(dumped)):
        assert torch.equal(
            torch.cat(decoded(vae, latents[:, :, after:], (5 - after,), resumed)), rest
        )


@pytest.mark.parametrize("sizes", [(9,), (1, 8), (5, 4)])
def test_encoding_in_pieces_is_the_clip_with_its_first_picture_held(net, sizes):
    torch.manual_seed(3)
    pixels = torch.randint(0, 256, (9, 16, 24, 3), dtype=torch.uint8)
    held = torch.cat([pixels[:1]] * 3 + [pixels]).permute(0, 3, 1, 2) / 255
    expected = oracle_encode(net.state_dict(), held).transpose(0, 1)[None]
    vae = TinyVae(net, vae_scale=False)
    state = vae.open_encoder()
    made = torch.cat([vae.encode(part, state) for part in pixels.split(sizes)], dim=2)
    assert made.shape == (1, 16, 3, 2, 3)
    assert torch.allclose(made, expected, atol=1e-5)
    light = TinyVae(net, vae_scale=True)
    scaled = light.encode(pixels, light.open_encoder())
    assert torch.allclose(SCALE.denormalised(scaled), expected, atol=1e-5)
    again = light.load_encoder(light.open_encoder().dump())
    assert torch.equal(light.encode(pixels, again), scaled)


def published() -> dict[str, tuple[int, ...]]:
    """The decoder's names and shapes as they are known of `taew2_1.pth`."""
    sizes: dict[str, tuple[int, ...]] = {
        "decoder.1.weight": (256, 16, 3, 3),
        "decoder.1.bias": (256,),
        "decoder.22.weight": (3, 64, 3, 3),
        "decoder.22.bias": (3,),
        "encoder.0.weight": (64, 3, 3, 3),
        "encoder.0.bias": (64,),
        "encoder.17.weight": (16, 64, 3, 3),
        "encoder.17.bias": (16,),
    }
    stages = [("decoder", 3, 256), ("decoder", 9, 128), ("decoder", 15, 64)]
    stages += [("encoder", 4, 64), ("encoder", 9, 64), ("encoder", 14, 64)]
    for side, start, width in stages:
        for place in range(start, start + 3):
            for layer, inputs in ((0, 2 * width), (2, width), (4, width)):
                sizes[f"{side}.{place}.conv.{layer}.weight"] = (width, inputs, 3, 3)
                sizes[f"{side}.{place}.conv.{layer}.bias"] = (width,)
    for place, wide, narrow, grow in ((7, 256, 128, 1), (13, 128, 64, 2), (19, 64, 64, 2)):
        sizes[f"decoder.{place}.conv.weight"] = (wide * grow, wide, 1, 1)
        sizes[f"decoder.{place + 1}.weight"] = (narrow, wide, 3, 3)
    for place, pool in ((2, 2), (7, 2), (12, 1)):
        sizes[f"encoder.{place}.conv.weight"] = (64, 64 * pool, 1, 1)
        sizes[f"encoder.{place + 1}.weight"] = (64, 64, 3, 3)
    return sizes


def test_names_shapes_and_the_number_of_weights_are_the_published_ones():
    with torch.device("meta"):
        ours = {name: tuple(tensor.shape) for name, tensor in TinyNet().state_dict().items()}
    assert ours == published()
    count = sum(torch.Size(shape).numel() for shape in ours.values())
    assert 11.2e6 < count < 11.4e6


def test_an_old_file_keeps_the_later_half_of_its_growth(net):
    old = {name: LazyTensor.of(tensor) for name, tensor in net.state_dict().items()}
    name = "decoder.7.conv.weight"
    doubled = torch.cat((torch.randn(256, 256, 1, 1), net.state_dict()[name]))
    patched = tiny_weights({**old, name: LazyTensor.of(doubled)})
    check({key: tuple(tensor.shape) for key, tensor in net.state_dict().items()}, patched)
    assert torch.equal(patched[name].read(), net.state_dict()[name])
    assert tiny_weights(old)[name] is old[name]

"""Memory before a load: the sums agree with the networks, and a refusal helps."""

import weakref
from dataclasses import replace

import pytest
import torch
from diffusers import AutoencoderKLWan
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from scope.errors import OutOfMemory
from scope.models.assign import on_meta
from scope.models.budget import (
    CODEC_BYTES,
    CODEC_STATE_BYTES_PER_PIXEL,
    DECODE_BYTES_PER_PIXEL,
    TEXT_ENCODER_BYTES,
    Plan,
    footprint,
    largest_size,
    parameters,
    require_room,
)
from scope.models.causal import CausalConfig, CausalTransformer
from scope.models.tiny_vae import TinyNet, TinyVae
from scope.models.video_codec import VaeType, VideoCodec
from scope.models.wan_vae import WanVae

SMALL = CausalConfig(dim=1536, heads=12, layers=30, ffn=8960)
LARGE = CausalConfig(dim=5120, heads=40, layers=40, ffn=13824)
GB = 10**9


def plan(**changes) -> Plan:
    return replace(Plan(SMALL, 480, 832, "tae", cache_frames=12), **changes)


@pytest.mark.parametrize(
    "config",
    [SMALL, LARGE, CausalConfig(48, 3, 2, 96, text_dim=24, freq_dim=32, pooled_dim=8)],
    ids=lambda config: str(config.dim),
)
def test_the_number_of_weights_is_that_of_the_model(config):
    model = on_meta(lambda: CausalTransformer(config))
    assert parameters(config) == sum(tensor.numel() for tensor in model.parameters())


def test_published_figures():
    assert round(parameters(SMALL) / 1e9, 2) == 1.42
    assert round(parameters(LARGE) / 1e9, 1) == 14.3
    one_frame = footprint(plan(cache_frames=13)).cache - footprint(plan()).cache
    assert one_frame == 1560 * 184_320 * 3 // 2
    one_frame = (
        footprint(plan(config=LARGE, cache_frames=13)).cache - footprint(plan(config=LARGE)).cache
    )
    assert one_frame == 1560 * 819_200 * 3 // 2


class Peak(TorchDispatchMode):
    """Counts the bytes of all tensors alive; on the meta device nothing is computed."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, int] = {}
        self.bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                if storage._cdata not in self.live:
                    self.live[storage._cdata] = storage.nbytes()
                    self.bytes = max(self.bytes, sum(self.live.values()))
                    weakref.finalize(storage, self.live.pop, storage._cdata, None)
        return out


def codec(kind: VaeType) -> VideoCodec:
    if kind in {"tae", "lighttae"}:
        return TinyVae(on_meta(TinyNet).bfloat16(), vae_scale=kind == "lighttae")
    width = 96 if kind == "wan" else 24
    return WanVae(on_meta(lambda: AutoencoderKLWan(base_dim=width)).bfloat16())


@pytest.mark.parametrize("kind", ["wan", "lightvae", "tae", "lighttae"])
def test_decoding_takes_what_the_table_says(kind):
    vae = codec(kind)
    state = vae.open()
    latent = torch.empty(1, 16, 1, 40, 72, device="meta")
    with Peak() as peak:
        for _ in range(3):
            list(vae.decode(latent, state))
    pixels = 320 * 576
    held = sum(part.nbytes for part in state.memory if isinstance(part, torch.Tensor))
    assert peak.bytes / pixels == pytest.approx(DECODE_BYTES_PER_PIXEL[kind], rel=0.01)
    assert held / pixels == pytest.approx(CODEC_STATE_BYTES_PER_PIXEL[kind], rel=0.02)
    network = vae.model if isinstance(vae, WanVae) else vae.net
    weights = sum(tensor.nbytes for tensor in network.parameters())
    assert weights == pytest.approx(CODEC_BYTES[kind], rel=0.03)


def test_more_of_anything_takes_more():
    base = footprint(plan()).total
    for changes in (
        {"height": 720, "width": 1280},
        {"vae": "wan"},
        {"cache_frames": 21},
        {"config": LARGE},
        {"streams": 2},
        {"pass_frames": 12},
        {"adapter_bytes": 1},
    ):
        assert footprint(plan(**changes)).total > base
    for changes in ({"text_encoder_bytes": 0}, {"weight_bits": 8}):
        assert footprint(plan(**changes)).total < base


def test_a_number_of_four_bytes_takes_twice_the_room_of_one_of_two():
    two, four = footprint(plan()), footprint(plan(element_bytes=4))
    for part in ("transformer", "codec", "cache", "decode"):
        assert getattr(four, part) == 2 * getattr(two, part), part
    assert two.work < four.work <= 2 * two.work
    assert (four.text_encoder, four.libraries) == (two.text_encoder, two.libraries)


@pytest.mark.parametrize("size", [2, 4])
def test_eight_bits_are_for_the_matrices_whatever_the_rest_has(size):
    wide = footprint(plan(element_bytes=size)).transformer
    small = footprint(plan(element_bytes=size, weight_bits=8)).transformer
    matrices = SMALL.layers * (8 * SMALL.dim**2 + 2 * SMALL.dim * SMALL.ffn)
    assert wide - small == (size - 1) * matrices


def test_eight_bits_halve_the_matrices_and_leave_the_rest():
    wide, small = footprint(plan()).transformer, footprint(plan(weight_bits=8)).transformer
    assert 0.5 < small / wide < 0.55


def test_the_sums_are_near_what_is_said_of_the_models():
    text = TEXT_ENCODER_BYTES["fp8"]
    whole = footprint(
        plan(vae="wan", text_encoder_bytes=text, height=320, width=576, pass_frames=12)
    )
    assert 12 * GB < whole.total < 20 * GB
    krea = plan(config=LARGE, cache_frames=6, height=320, width=576, weight_bits=8)
    assert 26 * GB < footprint(replace(krea, text_encoder_bytes=text)).total < 36 * GB


def test_the_largest_size_that_fits_keeps_the_shape_and_the_grid():
    room = footprint(plan()).total - 1
    height, width = largest_size(plan(), room)
    assert (height % 16, width % 16) == (0, 0)
    assert height < 480
    assert abs(width / height - 832 / 480) < 0.05
    assert footprint(plan(height=height, width=width)).total <= room
    assert largest_size(plan(), footprint(plan()).total) == (480, 832)
    assert largest_size(plan(), GB) is None


def test_a_refusal_names_sizes_in_words():
    assert require_room(plan(), 100 * GB) == footprint(plan())
    room = footprint(plan(height=320, width=560)).total
    with pytest.raises(OutOfMemory) as caught:
        require_room(plan(), room)
    assert caught.value.detail.startswith("832×480 needs about ")
    assert caught.value.detail.endswith("the largest size that fits is 560×320")
    with pytest.raises(OutOfMemory, match="no size fits"):
        require_room(plan(), GB)

"""The decoder's last layer solved for the least squares: less error, any share of the way."""

import copy
import sys

import numpy as np
import pytest
import torch

from training.codec import refit
from training.codec.measure import load, save
from training.codec.model import Codec, CodecShape
from training.codec.refit import last_layer, least_squares, move


@pytest.fixture(autouse=True)
def exact(monkeypatch) -> None:
    """Float32, so that a tiny codec's small differences are those of its weights."""
    monkeypatch.setattr(refit, "mixed", torch.no_grad)


@pytest.fixture(scope="module")
def codec() -> Codec:
    torch.manual_seed(0)
    shape = CodecShape(4, (8, 16, 16, 32), (1, 1, 1), picture_memory=True)
    return Codec(shape).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def clips() -> torch.Tensor:
    """Slow waves of colour, which a latent can say."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:32, 0:64] / 64
    waves = [
        [[a * x + b * y + t / 12 + c for c in random.random(3)] for t in range(12)]
        for a, b in random.uniform(-1, 1, (3, 2))
    ]
    return torch.from_numpy(np.uint8(127 + 120 * np.sin(2 * np.pi * np.array(waves))))


@torch.no_grad()
def error(codec: Codec, clips: torch.Tensor) -> float:
    pictures = clips.float() / 255
    return float((codec.decode_clip(codec.encode_clip(pictures)) - pictures).square().mean())


def random() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_all_the_way_has_less_error_and_a_part_lies_between(codec, clips):
    weight, bias = least_squares(codec, clips, carried=0.0, random=random())
    errors = []
    for share in (0.0, 0.5, 1.0):
        moved = copy.deepcopy(codec)
        move(moved, weight, bias, share)
        errors.append(error(moved, clips))
    assert errors[0] == error(codec, clips)
    assert errors[2] < errors[1] < errors[0]


def test_only_the_last_layer_moves(codec, clips):
    weight, bias = least_squares(codec, clips, carried=0.5, random=random())
    moved = copy.deepcopy(codec)
    move(moved, weight, bias, 0.3)
    layer = last_layer(moved)
    last = {layer.weight.data_ptr(), layer.bias.data_ptr()}
    for ours, theirs in zip(moved.parameters(), codec.parameters(), strict=True):
        assert torch.equal(ours, theirs) != (ours.data_ptr() in last)


def test_a_carried_error_goes_into_the_first_picture_of_the_next_chunk(codec, clips):
    plain = list(refit.chunks(codec, clips[:1], 0.0))
    carried = list(refit.chunks(codec, clips[:1], 0.5))
    made = codec.decode_clip(codec.encode_clip(clips[:1].float() / 255))
    wanted = clips[:1].float() / 255
    for number, ((_, one), (_, two)) in enumerate(zip(plain, carried, strict=True)):
        torch.testing.assert_close(one, wanted[:, 4 * number : 4 * number + 4].flatten(1, 2))
        before = made[:, 4 * number - 1] - wanted[:, 4 * number - 1] if number else 0.0
        change = torch.zeros_like(one)
        change[:, :3] = 0.5 * torch.as_tensor(before)
        torch.testing.assert_close(two - one, change)


def test_the_command_writes_a_codec_that_can_be_loaded(tmp_path, codec, clips, monkeypatch):
    np.save(tmp_path / "shard_00000.npy", clips.permute(0, 1, 3, 4, 2).numpy())
    (tmp_path / "shard_00000.json").write_text("[]")
    save(codec, tmp_path / "old")
    said = f"refit --codec {tmp_path}/old --clips {tmp_path} --out {tmp_path}/new --share 1"
    monkeypatch.setattr(sys, "argv", said.split())
    refit.main()
    assert error(load(tmp_path / "new"), clips) < error(load(tmp_path / "old"), clips)

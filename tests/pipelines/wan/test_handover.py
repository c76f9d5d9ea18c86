"""Pictures from a finished block, on a processor; a GPU's own stream is for the GPU's tests."""

import numpy as np
import pytest
import torch

from scope.models.tiny_vae import TinyNet, TinyVae
from scope.pipelines.wan.handover import Handover


@pytest.fixture(scope="module")
def codec() -> TinyVae:
    torch.manual_seed(0)
    return TinyVae(TinyNet((16, 8, 8, 8)).eval().requires_grad_(False), vae_scale=False)


def test_pieces_are_decoded_when_they_are_asked_for(codec):
    handover = Handover(codec, torch.device("cpu"))
    assert not handover.runs_beside
    state, seen = codec.open(), []
    pictures = handover.start(torch.randn(1, 16, 3, 2, 2), state, seen)
    assert state.latents == 0
    first = next(pictures)
    assert (state.latents, len(first)) == (1, 1)
    rest = list(pictures)
    assert [len(piece) for piece in rest] == [4, 4]
    assert all(piece.dtype == np.uint8 for piece in rest)
    assert np.array_equal(np.concatenate((first, *rest)), torch.cat(seen).numpy())
    handover.finish()


def test_a_piece_belongs_to_whoever_got_it(codec):
    seen = []
    handover = Handover(codec, torch.device("cpu"))
    first = next(handover.start(torch.randn(1, 16, 1, 2, 2), codec.open(), seen))
    before = seen[0].clone()
    first[...] = 0
    assert torch.equal(seen[0], before)


@pytest.mark.gpu
def test_a_gpu_decodes_beside_and_gives_the_same_pictures(codec):
    device = torch.device("cuda")
    moved = TinyVae(codec.net.to(device), vae_scale=False)
    latents = torch.randn(1, 16, 3, 8, 8, device=device)
    expected = torch.cat(list(moved.decode(latents, moved.open()))).cpu().numpy()
    handover = Handover(moved, device)
    assert handover.runs_beside
    got = np.concatenate(list(handover.start(latents, moved.open(), [])))
    assert np.array_equal(got, expected)

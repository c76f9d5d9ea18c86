"""What the decoder is shown of the transformer: cells and pictures of the same place."""

import json

import numpy as np
import pytest
import torch

from training.codec.guesses import GuessSource
from training.transformer.model import Sizes
from training.transformer.state import Run
from training.world.attributes import sample


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> GuessSource:
    folder = tmp_path_factory.mktemp("guesses")
    clips, latents = folder / "clips", folder / "latents"
    clips.mkdir()
    latents.mkdir()
    Run.fresh(Sizes(dim=64, layers=1, semantic_layer=0)).save(folder / "last.pt")
    token = np.arange(6)[:, None] * 10 + np.arange(10)
    pixels = np.broadcast_to(
        token.repeat(32, 0).repeat(32, 1).astype(np.uint8)[None, None, ..., None],
        (2, 20, 192, 320, 3),
    )
    for number in range(2):
        name = f"shard_{number:05}"
        attributes = sample(np.random.default_rng(0), split="train").as_dict()
        scene = {"captions": ["a sea"], "attributes": [attributes], "seed": 0}
        record = [scene | {"change_frame": None}] * 2
        np.save(clips / f"{name}.npy", pixels)
        (clips / f"{name}.json").write_text(json.dumps(record))
        values = np.random.default_rng(number).standard_normal((2, 5, 32, 12, 20))
        targets = np.zeros((2, 5, 60, 10), np.float16)
        np.savez(latents / f"{name}.npz", latents=values.astype(np.float16), targets=targets)
        (latents / f"{name}.json").write_text(json.dumps(record))
    return GuessSource(folder / "last.pt", clips, latents, seed=0)


def test_cells_and_pictures_show_the_same_place(source):
    token = torch.arange(6)[:, None] * 10 + torch.arange(10)
    cells = token.repeat_interleave(2, 0).repeat_interleave(2, 1).float()
    clip = source._pictures[0][0]
    for _ in range(5):
        latents, pictures = source._crop(cells.expand(5, 32, 12, 20), clip)
        middles = (pictures[0, 0, 8::16, 8::16] * 255).round()
        assert torch.equal(middles, latents[0, 0])


def test_batches_have_three_frames_and_their_twelve_pictures(source):
    guesses = next(source.batches(3))
    assert guesses.latents.shape == (3, 3, 32, 6, 10)
    assert guesses.pictures.shape == (3, 12, 3, 96, 160)
    assert float(guesses.latents.std()) > 0.1


def test_a_clip_that_is_drawn_more_often_comes_with_its_own_pictures(source, monkeypatch):
    seen, crop = [], source._crop

    def watched(cells, clip):
        seen.append(clip)
        return crop(cells, clip)

    monkeypatch.setattr(source._store, "where", [(0, 1)] * 3)
    monkeypatch.setattr(source, "_guess", lambda picks: torch.zeros(len(picks), 5, 32, 12, 20))
    monkeypatch.setattr(source, "_crop", watched)
    next(source.batches(2))
    assert len(seen) == 2
    assert all(np.shares_memory(clip, source._pictures[0][1]) for clip in seen)

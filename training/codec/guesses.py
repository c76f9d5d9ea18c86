"""Latents as the transformer makes them, with the pictures they should have become.

    python -m training.codec.train --decoder-of … --out … --guesses …/transformer/last.pt

The last pass of a stream jumps from a high noise level straight to a clean frame, so what reaches
the decoder is a guess: even where nothing can be known, and cut along the edges of tokens. Decides
where such guesses come from: one pass over noised latents of stored clips. A decoder that has seen
them draws over the edges. It does not know the decoder's loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scope.models.causal import CausalTransformer
from scope.pipelines.vista.text import TextEncoder
from training.codec.model import PICTURES, SPACE
from training.precision import mixed
from training.transformer.data import LatentStore
from training.transformer.objective import Recipe, noised, predict
from training.transformer.state import load_ema

SIGMAS = (0.15, 0.72)
"""From below the last jump of eight steps to that of two."""
CROP = (6, 10)
"""Latent cells; at even places, so that edges of tokens lie where they will."""
FRAMES = 3


@dataclass(frozen=True, slots=True)
class Guesses:
    latents: Tensor
    """[B, 3, C, h, w], normalised, consecutive."""
    pictures: Tensor
    """[B, 12, 3, H, W] in 0…1"""


class GuessSource:
    """Endless batches from clips whose pictures and latents are both stored."""

    def __init__(self, checkpoint: Path, clips: Path, latents: Path, *, seed: int) -> None:
        self._model: CausalTransformer = load_ema(checkpoint)
        self._store = LatentStore(latents)
        self._store.refresh()
        found = [clips / f"{each.stem}.npy" for each in sorted(latents.glob("shard_*.json"))[1:]]
        self._pictures = [np.load(each, mmap_mode="r") for each in found]
        self._null = torch.from_numpy(TextEncoder().encode(""))
        self._random = torch.Generator().manual_seed(seed)

    def batches(self, size: int) -> Iterator[Guesses]:
        places = self._store.where  # a clip with a rare sky has several
        while True:
            picks = self._below(len(places), size)
            parts = [
                self._crop(guess, self._pictures[shard][clip])
                for guess, (shard, clip) in zip(
                    self._guess(picks), (places[pick] for pick in picks), strict=True
                )
            ]
            latents, pictures = zip(*parts, strict=True)
            yield Guesses(torch.stack(latents), torch.stack(pictures))

    def _below(self, limit: int, count: int) -> list[int]:
        drawn: list[int] = torch.randint(limit, (count,), generator=self._random).tolist()
        return drawn

    @torch.no_grad()
    def _guess(self, picks: list[int]) -> Tensor:
        """[B, T, C, h, w]; one noise level a clip, as in a stream."""
        random = self._random
        batch = self._store.take(picks, single=False, random=random)
        frames = batch.latents.shape[2]
        low, high = SIGMAS
        sigma = low + (high - low) * torch.rand((len(picks), 1), generator=random)
        sigma = sigma.expand(-1, frames)
        recipe = Recipe(text_dropout=0.0, text_noise=0.0)
        sample = noised(batch, recipe, self._null, random, sigma=sigma)
        with mixed():
            flow, _ = predict(self._model, sample, 0)
        guess = sample.x[:, :, -frames:] - sigma[:, None, :, None, None] * flow.float()
        return guess.transpose(1, 2)

    def _crop(self, latents: Tensor, clip: np.ndarray) -> tuple[Tensor, Tensor]:
        (frame,) = self._below(len(latents) - FRAMES + 1, 1)
        (row,) = self._below((latents.shape[-2] - CROP[0]) // 2 + 1, 1)
        (column,) = self._below((latents.shape[-1] - CROP[1]) // 2 + 1, 1)
        row, column = 2 * row, 2 * column
        top, left = row * SPACE, column * SPACE
        pixels = clip[
            frame * PICTURES : (frame + FRAMES) * PICTURES,
            top : top + CROP[0] * SPACE,
            left : left + CROP[1] * SPACE,
        ]
        pictures = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
        cells = latents[frame : frame + FRAMES, :, row : row + CROP[0], column : column + CROP[1]]
        return cells, pictures.float() / 255

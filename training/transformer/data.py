"""Latent shards in memory, and the batches drawn from them.

Decides how clips become training samples. It does not know the loss.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.classifier.model import VALUES
from training.text.cache import cache_path, fill

PICTURES_PER_LATENT = 4
OFTEN = {"rainbow": 3, "birds": 4, "stars": 4, "sun": 2, "aurora": 2}
"""Clips with these in the sky are drawn so many times as often: they are rare and faint."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Clean frames with, for each, its text and what the renderer knows."""

    latents: Tensor
    """[batch, channels, frames, height, width]"""
    text: Tensor
    """[batch, frames, 33, 384]"""
    targets: Tensor
    """[batch, frames, tokens, targets]"""
    shows: Tensor
    """[batch, frames, 5], which of `VALUES` each frame shows, spoken of or not."""

    def some(self, rows: Tensor) -> "Batch":
        """The rows that are true in [batch]."""
        return Batch(self.latents[rows], self.text[rows], self.targets[rows], self.shows[rows])


class LatentStore:
    """All complete shards of a folder; `refresh` picks up new ones."""

    def __init__(self, folder: Path, *, holdout: bool = False) -> None:
        self.folder = folder
        self.holdout = holdout
        self._seen: set[str] = set()
        self._latents: list[Tensor] = []
        self._targets: list[Tensor] = []
        self._texts: list[np.ndarray] = []
        self._shows: list[list[list[list[int]]]] = []
        self._change: list[list[int]] = []
        self.where: list[tuple[int, int]] = []
        """Shard, counted from the first that is not held out, and row of every pick; a clip that is
        drawn more often has several."""

    def __len__(self) -> int:
        return len(self.where)

    def refresh(self) -> int:
        """Load shards that appeared since; the first shard of all is held out."""
        if not self.folder.exists():
            return 0
        fill(self.folder)
        # A shard may have become complete since: it has no embeddings yet and waits.
        complete = sorted(self.folder.glob("shard_*.json"))
        shards = [shard for shard in complete if cache_path(shard).exists()]
        wanted = shards[:1] if self.holdout else shards[1:]
        new = [shard for shard in wanted if shard.name not in self._seen]
        for shard in new:
            self._load(shard)
        return len(new)

    def _load(self, shard: Path) -> None:
        records = json.loads(shard.read_text())
        with np.load(shard.with_suffix(".npz")) as arrays:
            latents = torch.from_numpy(arrays["latents"])
            targets = torch.from_numpy(arrays["targets"])
        number, frames = len(self._latents), latents.shape[1]
        self._latents.append(latents)
        self._targets.append(targets)
        self._texts.append(np.load(cache_path(shard), mmap_mode="r"))
        self._shows.append([_shows(record) for record in records])
        self._change.append([_change(record, frames) for record in records])
        for row, record in enumerate(records):
            times = 1 if self.holdout else max(OFTEN.get(sky, 1) for sky in _skies(record))
            self.where += [(number, row)] * times
        self._seen.add(shard.name)

    def draw(self, size: int, *, single: bool, random: torch.Generator) -> Batch:
        """Random clips, or one random frame of each."""
        picks = torch.randint(len(self), (size,), generator=random).tolist()
        return self.take(picks, single=single, random=random)

    def take(self, picks: list[int], *, single: bool, random: torch.Generator) -> Batch:
        latents, texts, targets, shows = [], [], [], []
        for pick in picks:
            shard, row = self.where[pick]
            clip = self._latents[shard][row]
            frames = range(clip.shape[0])
            if single:
                frames = [int(torch.randint(clip.shape[0], (1,), generator=random))]
            which = [int(frame >= self._change[shard][row]) for frame in frames]
            latents.append(clip[list(frames)])
            targets.append(self._targets[shard][row][list(frames)])
            known = self._shows[shard][row]
            shows.append(torch.tensor([known[min(part, len(known) - 1)] for part in which]))
            stored = self._texts[shard][row]
            variant = 0
            if not self.holdout:
                variant = int(torch.randint(len(stored), (1,), generator=random))
            texts.append(torch.from_numpy(stored[variant][which]))
        return Batch(
            torch.stack(latents).transpose(1, 2).float(),
            torch.stack(texts).float(),
            torch.stack(targets).float(),
            torch.stack(shows),
        )


def _change(record: dict[str, Any], frames: int) -> int:
    """The latent frame from which on the second caption holds."""
    change = record["change_frame"]
    return frames if change is None else max(0, int(change) // PICTURES_PER_LATENT)


def _skies(record: dict[str, Any]) -> list[str]:
    return [part["sky"] for part in record["attributes"]]


def _shows(record: dict[str, Any]) -> list[list[int]]:
    """For each part of a clip, the place of its value of every attribute."""
    return [
        [values.index(part[key]) for key, values in VALUES.items()] for part in record["attributes"]
    ]

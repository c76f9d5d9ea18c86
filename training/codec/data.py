"""Random crops of rendered clips, for the codec's training."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class ClipShards:
    """Memory-mapped clip shards; new ones are seen when `refresh` is called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[str, NDArray[np.uint8]] = {}
        self.refresh()

    def refresh(self) -> None:
        for record in sorted(self._folder.glob("shard_*.json")):
            if record.stem not in self._shards:
                pixels = np.load(record.with_suffix(".npy"), mmap_mode="r")
                self._shards[record.stem] = pixels

    def __len__(self) -> int:
        return sum(len(pixels) for pixels in self._shards.values())

    def crop(
        self, rng: np.random.Generator, *, pictures: int, height: int, width: int
    ) -> NDArray[np.uint8]:
        """Consecutive pictures from a random place, mirrored half of the time."""
        names = list(self._shards)
        shard = self._shards[names[int(rng.integers(len(names)))]]
        clip = shard[int(rng.integers(len(shard)))]
        starts = [
            int(rng.integers(size - want + 1))
            for size, want in zip(clip.shape[:3], (pictures, height, width), strict=True)
        ]
        part = clip[
            starts[0] : starts[0] + pictures,
            starts[1] : starts[1] + height,
            starts[2] : starts[2] + width,
        ]
        return part[:, :, ::-1] if rng.random() < 0.5 else part


def batches(
    shards: ClipShards, *, seed: int, batch: int, pictures: int, height: int, width: int
) -> Iterator[Tensor]:
    """Endless [B, P, 3, H, W] in 0…1, made in a thread one batch ahead."""
    rng = np.random.default_rng(seed)

    def load() -> Tensor:
        crops = [
            shards.crop(rng, pictures=pictures, height=height, width=width) for _ in range(batch)
        ]
        stacked = torch.from_numpy(np.ascontiguousarray(np.stack(crops).transpose(0, 1, 4, 2, 3)))
        return stacked.float() / 255

    with ThreadPoolExecutor(1) as pool:
        ahead: Future[Tensor] = pool.submit(load)
        while True:
            ready, ahead = ahead.result(), pool.submit(load)
            yield ready

"""Turn clips into latent shards: `python -m training.codec.encode`.

A latent shard is two files, complete once the `.json` exists:

- `shard_00000.npz`: `latents` float16 [N, T, C, H/16, W/16], normalised per channel to mean 0 and
  deviation 1; `targets` float16 [N, T, tokens, 10] from the renderer;
- `shard_00000.json`: the clips' records (see `training/README.md`).

With `--render N`, clips are rendered on the way and their pictures are not kept; shard numbers and
seeds are those `training.world.make` would use, so both ways give the same latents.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from training.codec.measure import load
from training.codec.model import Codec
from training.precision import mixed
from training.world.attributes import SPLITS
from training.world.make import CLIPS_PER_SHARD, seed_of
from training.world.scene import render, sample_scene


@dataclass(frozen=True, slots=True)
class Shard:
    """Pictures with what is known about them."""

    pixels: NDArray[np.uint8]
    targets: NDArray[np.float16]
    records: list[dict[str, object]]


def stored(record: Path) -> Shard:
    return Shard(
        np.load(record.with_suffix(".npy"), mmap_mode="r"),
        np.load(record.with_suffix(".targets.npy")),
        json.loads(record.read_text()),
    )


def rendered(shard: int, *, seed: int, split: str) -> Shard:
    clips = [
        render(sample_scene(seed_of(seed, shard, index), split=split))
        for index in range(CLIPS_PER_SHARD)
    ]
    return Shard(
        np.stack([clip.pixels for clip in clips]),
        np.stack([clip.targets for clip in clips]),
        [clip.scene.record() for clip in clips],
    )


@torch.no_grad()
def latents_of(model: Codec, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
    parts = []
    for clip in pixels:
        pictures = torch.from_numpy(np.ascontiguousarray(clip.transpose(0, 3, 1, 2)))
        with mixed():
            parts.append(model.encode_clip(pictures.float()[None] / 255).float())
    return torch.cat(parts).numpy().astype(np.float16)


def write(model: Codec, shard: Shard, stem: Path) -> None:
    latents = latents_of(model, shard.pixels)
    np.savez(stem.with_suffix(".npz"), latents=latents, targets=shard.targets)
    partial = stem.with_suffix(".json.partial")
    partial.write_text(json.dumps(shard.records))
    partial.rename(stem.with_suffix(".json"))


def main() -> None:
    options = _options()
    os.nice(max(0, 19 - os.nice(0)))
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"encode_{options.first}.pid").write_text(str(os.getpid()))
    model = load(options.codec)
    for number in _numbers(options):
        stem = options.out / f"shard_{number:05d}"
        if stem.with_suffix(".json").exists():
            continue
        start = time.perf_counter()
        shard = (
            rendered(number, seed=options.seed, split=options.split)
            if options.render
            else stored(options.clips / f"{stem.name}.json")
        )
        write(model, shard, stem)
        rate = len(shard.records) / (time.perf_counter() - start)
        print(f"{time.strftime('%H:%M:%S')} {stem.name}: {rate:.1f} clips/s", flush=True)


def _numbers(options: argparse.Namespace) -> list[int]:
    if options.render:
        last = -(-options.render // CLIPS_PER_SHARD)
        return list(range(options.first, last, options.step))
    found = sorted(options.clips.glob("shard_*.json"))
    numbers = [int(record.stem.removeprefix("shard_")) for record in found]
    return [number for number in numbers if number >= options.first][:: options.step]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--clips", type=Path, default=Path("training/runs/clips"))
    parser.add_argument("--out", type=Path, default=Path("training/runs/latents"))
    parser.add_argument("--render", type=int, default=0, help="clips in all, rendered on the way")
    parser.add_argument("--first", type=int, default=0, help="first shard")
    parser.add_argument("--step", type=int, default=1, help="2 in two processes shares the work")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Render clip shards: `python -m training.world.make --clips 4000 --out training/runs/clips`.

A shard is complete once its `.json` exists, so a stopped run goes on where it was. Runs at the
lowest priority.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from training.world.attributes import SPLITS
from training.world.scene import render, sample_scene

CLIPS_PER_SHARD = 40


def seed_of(seed: int, shard: int, index: int) -> int:
    """The scene's number: the same clip whoever renders it."""
    return seed * 1_000_000 + shard * CLIPS_PER_SHARD + index


def make_shard(out: Path, shard: int, seed: int, split: str) -> float:
    """Write one shard; gives pictures per second."""
    os.nice(max(0, 19 - os.nice(0)))
    start = time.perf_counter()
    clips = [
        render(sample_scene(seed_of(seed, shard, index), split=split))
        for index in range(CLIPS_PER_SHARD)
    ]
    stem = out / f"shard_{shard:05d}"
    np.save(stem.with_suffix(".npy"), np.stack([clip.pixels for clip in clips]))
    np.save(stem.with_suffix(".targets.npy"), np.stack([clip.targets for clip in clips]))
    partial = stem.with_suffix(".json.partial")
    partial.write_text(json.dumps([clip.scene.record() for clip in clips]))
    partial.rename(stem.with_suffix(".json"))
    pictures = sum(len(clip.pixels) for clip in clips)
    return pictures / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=4000)
    parser.add_argument("--out", type=Path, default=Path("training/runs/clips"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "make.pid").write_text(str(os.getpid()))
    wanted = range(-(-options.clips // CLIPS_PER_SHARD))
    missing = [n for n in wanted if not (options.out / f"shard_{n:05d}.json").exists()]
    jobs = [(options.out, shard, options.seed, options.split) for shard in missing]
    with get_context("spawn").Pool(options.processes) as pool:
        results = [pool.apply_async(make_shard, job) for job in jobs]
        for shard, result in zip(missing, results, strict=True):
            rate = result.get()
            print(f"{time.strftime('%H:%M:%S')} shard {shard}: {rate:.0f} pictures/s", flush=True)


if __name__ == "__main__":
    main()

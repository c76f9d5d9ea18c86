"""A contact sheet to look at: `python -m training.world.sheet --out sheet.png`.

Rows are scenes (or, with `--moments`, one scene over time).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.world.attributes import BIOMES, SPLITS
from training.world.scene import render, sample_scene
from training.world.stage import picture_of, set_up


def by_biome(seed: int, split: str, columns: int) -> list[NDArray[np.uint8]]:
    """For each biome a few scenes, one picture each."""
    wanted, found = columns, {biome: [] for biome in BIOMES}
    number = seed * 100_000
    while any(len(pictures) < wanted for pictures in found.values()):
        scene = sample_scene(number, split=split, changing=0)
        number += 1
        pictures = found[scene.parts[0].biome]
        if len(pictures) < wanted:
            stage = set_up(scene.parts[0], scene.seed, pictures=20, height=192, width=320)
            pictures.append(_pixels(picture_of(stage, 10, None)))
    return [np.concatenate(pictures, axis=1) for pictures in found.values()]


def over_time(seed: int, split: str, columns: int, rows: int) -> list[NDArray[np.uint8]]:
    """For each scene several moments; prints its caption."""
    strips = []
    for number in range(seed * 100_000, seed * 100_000 + rows):
        clip = render(sample_scene(number, split=split, changing=0.3))
        print(clip.scene.change_frame, *clip.scene.captions, sep=" | ")
        moments = np.linspace(0, len(clip.pixels) - 1, columns).astype(int)
        strips.append(np.concatenate(clip.pixels[moments], axis=1))
    return strips


def _pixels(planes: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(planes * 255 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("sheet.png"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--moments", action="store_true")
    options = parser.parse_args()
    strips = (
        over_time(options.seed, options.split, options.columns, 10)
        if options.moments
        else by_biome(options.seed, options.split, options.columns)
    )
    sheet = Image.fromarray(np.concatenate(strips))
    sheet.resize((sheet.width * 3 // 4, sheet.height * 3 // 4), Image.Resampling.BOX).save(
        options.out
    )


if __name__ == "__main__":
    main()

"""A short film of what the shipped pipeline makes, as an animated picture for a README.

python -m training.transformer.film --out docs/vista.gif --prompt "a calm sea at sunset" --prompt …

The prompts share the time; every one takes over from the one before, as in a live stream.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scope.pipelines.vista.pipeline import ASSETS, Vista, VistaLoad, vista_of
from training.evaluation.streams import chunks, evenly

PROMPTS = (
    "a calm sea at sunset with a sailboat",
    "a desert with dunes at dawn",
    "green hills on a sunny day",
    "a volcano at night",
    "a city skyline at night",
)


def film(
    vista: Vista, prompts: tuple[str, ...], *, seconds: float, steps: int, seed: int
) -> NDArray[np.uint8]:
    """Pictures [T, H, W, 3] at the pipeline's rate."""
    count = round(seconds * vista.format.fps / vista.chunk_frames)
    asked = [prompts[index * len(prompts) // count] for index in range(count)]
    return np.concatenate(list(chunks(vista, asked, evenly(steps), seed)))


def write_film(path: Path, pictures: NDArray[np.uint8], *, fps: float, colours: int) -> None:
    """An endless loop; colours are chosen for each picture, without dots of dithering."""
    images = [
        Image.fromarray(picture).quantize(colours, dither=Image.Dither.NONE) for picture in pictures
    ]
    ends = [100 * (number + 1) // fps for number in range(len(images))]  # in the format's unit
    shown = [10 * int(end - start) for start, end in pairwise([0, *ends])]
    path.parent.mkdir(parents=True, exist_ok=True)
    images[0].save(path, save_all=True, append_images=images[1:], duration=shown, loop=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("training/runs/film.gif"))
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--prompt", action="append")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=2, help="keep one picture of so many")
    parser.add_argument("--colours", type=int, default=64)
    args = parser.parse_args()
    vista = vista_of(args.assets)(VistaLoad(), device="cpu", progress=lambda *said: None)
    prompts = tuple(args.prompt or PROMPTS)
    pictures = film(vista, prompts, seconds=args.seconds, steps=args.steps, seed=args.seed)
    fps = vista.format.fps / args.every
    write_film(args.out, pictures[:: args.every], fps=fps, colours=args.colours)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

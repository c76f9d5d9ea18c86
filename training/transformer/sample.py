"""A contact sheet of what the shipped pipeline makes of some prompts.

    python -m training.transformer.sample --out sheet.png --steps 1000,750,500,250

A line with `>` in it is a switch: the prompt after it takes over in the middle.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from scope.control import PromptItem, PromptMix, PromptStep
from scope.pipelines.vista.pipeline import ASSETS, Vista, VistaLoad, VistaParams, vista_of
from training.transformer.sheet import write_sheet

PROMPTS = (
    "a calm sea at sunset with a sailboat",
    "snowy mountains under a clear sky at noon",
    "a city skyline at night in the rain",
    "a desert with dunes at dawn",
    "a forest in autumn, fog, watercolor",
    "a tropical beach with palm trees, neon style",
    "green hills on a sunny day > green hills at night, heavy snow",
    "a volcano at dusk > a village in spring",
)


def make_row(
    vista: Vista, line: str, steps: tuple[int, ...], chunks: int, moments: int
) -> tuple[list[np.ndarray], list[float]]:
    texts = [part.strip() for part in line.split(">")]
    params = VistaParams(denoising_step_list=steps)
    state, pictures, times = vista.open(1), [], []
    wanted = {round(index * (chunks - 1) / (moments - 1)) for index in range(moments)}
    for chunk in range(chunks):
        which = chunk * len(texts) // chunks
        prompt = PromptStep(PromptMix((PromptItem(texts[which]),)), key=which)
        began = time.perf_counter()
        pieces = list(vista.step(state, params, prompt))
        times.append(time.perf_counter() - began)
        if chunk in wanted:
            pictures.append(pieces[-1][-1])
    return pictures, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("training/runs/sheet.png"))
    parser.add_argument("--assets", type=Path, default=ASSETS)
    parser.add_argument("--steps", default="1000,750,500,250")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--moments", type=int, default=6)
    parser.add_argument("--prompt", action="append")
    args = parser.parse_args()
    vista = vista_of(args.assets)(VistaLoad(), device="cpu", progress=lambda *said: None)
    steps = tuple(int(step) for step in args.steps.split(","))
    chunks = max(args.moments, int(args.seconds * vista.format.fps / vista.chunk_frames))
    rows, times = [], []
    for line in args.prompt or PROMPTS:
        pictures, spent = make_row(vista, line, steps, chunks, args.moments)
        rows.append((line, pictures))
        times += spent
    write_sheet(args.out, rows, scale=0.6)
    low, middle, high = np.quantile(times, (0.05, 0.5, 0.95)) * 1000
    print(f"{args.out}: chunk p5 {low:.0f} ms, p50 {middle:.0f} ms, p95 {high:.0f} ms")


if __name__ == "__main__":
    main()

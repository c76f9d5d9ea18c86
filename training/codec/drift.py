"""Whether a decoder that feeds on its own pictures changes them: `python -m training.codec.drift`.

Latents of held-out clips are decoded there and back (0 1 2 3 4 3 2 1 0 …) with one memory all the
way, and the last rounds compared with the first. Decides the walk and what is compared: the middle
of the pictures, which takes a quarter of the time. The first round is left out: a stream's first
frames have nothing to remember.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from training.codec.losses import gradient_energy, psnr
from training.codec.measure import held_out, load
from training.codec.model import PICTURES, Codec

ROUNDS = 3
"""Rounds there and back that are compared; 24 latent frames for clips of 5."""


def there_and_back(frames: int, count: int) -> list[int]:
    """`count` places among `frames`, each beside the one before."""
    lap = [*range(frames), *range(frames - 2, 0, -1)]
    return [lap[place % len(lap)] for place in range(count)]


@torch.no_grad()
def walk(model: Codec, clip: Tensor, rounds: int) -> dict[str, tuple[float, float]]:
    """Scores of a clip [P, 3, H, W] in 0…1 in the second … and in the last rounds."""
    latents = model.encode_clip(clip[None])[0]
    wanted = clip.unflatten(0, (-1, PICTURES))
    lap = 2 * len(latents) - 2
    memory, scores = model.empty_memory(latents[:1]), []
    for place in there_and_back(len(latents), (rounds + 1) * lap):
        made, memory = model.decode(latents[place, None], memory)
        scores.append(_scores(made[0], wanted[place]))
    table = torch.stack(scores)
    early, late = table[lap : lap * (ROUNDS + 1)].mean(0), table[-lap * ROUNDS :].mean(0)
    return {
        name: (float(one), float(two)) for name, one, two in zip(NAMES, early, late, strict=True)
    }


NAMES = ("psnr_db", "red", "green", "blue", "contrast", "gradient_energy")


def _scores(made: Tensor, wanted: Tensor) -> Tensor:
    energy = gradient_energy(made[None]) / gradient_energy(wanted[None]).clamp(min=1e-6)
    decibels = psnr(made[None], wanted[None])
    return torch.cat([decibels, made.mean(dim=(0, 2, 3)), made.std()[None], energy])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--codec", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--clips", type=Path, default=Path("training/runs/clips_valid"))
    parser.add_argument("--count", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=50, help="of 8 latent frames")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = load(options.codec)
    for clip in held_out(options.clips, options.count):
        middle = clip[..., 48:144, 80:240].float() / 255
        found = walk(model, middle, options.rounds)
        print(json.dumps({k: [round(v, 4) for v in both] for k, both in found.items()}), flush=True)


if __name__ == "__main__":
    main()

"""A contact sheet straight from a checkpoint, with guidance, to choose weights and guidance by eye.

python -m training.transformer.look --guidance-first 3 --guidance 2 --frames 12 --out sheet.png
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scope.pipelines.vista.text import TextEncoder
from training.codec.measure import load
from training.codec.model import Codec
from training.transformer.rollout import Sampling, roll_out
from training.transformer.sample import PROMPTS
from training.transformer.sheet import write_sheet
from training.transformer.state import load_ema


def embed(lines: tuple[str, ...], frames: int) -> tuple[Tensor, Tensor]:
    """[prompts, frames, 33, 384] with switches at equal parts, and the text of nothing."""
    encoder = TextEncoder()
    rows = []
    for line in lines:
        parts = [torch.from_numpy(encoder.encode(part.strip())) for part in line.split(">")]
        rows.append(torch.stack([parts[frame * len(parts) // frames] for frame in range(frames)]))
    return torch.stack(rows), torch.from_numpy(encoder.encode(""))


@torch.no_grad()
def pictures(codec: Codec, latents: Tensor) -> NDArray[np.uint8]:
    """The last picture of every latent frame: [prompts, frames, H, W, 3]."""
    clips = [codec.decode_clip(clip[None])[0] for clip in latents]
    last = torch.stack(clips).unflatten(1, (latents.shape[1], -1))[:, :, -1]
    return (last.permute(0, 1, 3, 4, 2) * 255).round().byte().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--checkpoint", type=Path, default=Path("training/runs/transformer/last.pt")
    )
    parser.add_argument("--codec", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--out", type=Path, default=Path("training/runs/look.png"))
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--moments", type=int, default=6)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--guidance-first", type=float, default=3.0)
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    how = Sampling(
        steps=args.steps,
        guidance_first=args.guidance_first,
        guidance=args.guidance,
        window=args.window,
    )
    text, null = embed(PROMPTS, args.frames)
    latents = roll_out(load_ema(args.checkpoint), text, null, args.frames, how, args.seed)
    made = pictures(load(args.codec), latents)
    moments = min(args.moments, args.frames)
    chosen = np.linspace(0, args.frames - 1, moments).round().astype(int)
    rows = [(line, list(row[chosen])) for line, row in zip(PROMPTS, made, strict=True)]
    write_sheet(args.out, rows, scale=0.6)


if __name__ == "__main__":
    main()

"""The mean of two checkpoints of one model, one of which was trained on from the other.

    python -m training.transformer.blend --old a/last.pt --new b/last.pt --share 0.6 --out c.pt

Weights along the line between such two are often better than either (model soups, Wortsman et
al. 2022): what the newer learned is kept mostly, what it lost comes back mostly.
"""

import argparse
from pathlib import Path

import torch

from training.transformer.state import Run


def blended(old: Run, new: Run, share: float) -> Run:
    """`new`, its averaged weights moved back to `old`'s; share: 0 is `old`, 1 is `new`.

    Raises ValueError when they are not of one size.
    """
    if old.sizes != new.sizes:
        raise ValueError(f"models of two sizes: {old.sizes} and {new.sizes}")
    former, new.stage_s = old.ema.state_dict(), 0.0
    with torch.no_grad():
        for name, weight in new.ema.state_dict().items():
            if weight.is_floating_point():
                weight.lerp_(former[name].to(weight.dtype), 1 - share)
    return new


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", type=Path, required=True)
    parser.add_argument("--new", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.6, help="of the new one")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    blended(Run.load(args.old), Run.load(args.new), args.share).save(args.out)


if __name__ == "__main__":
    main()

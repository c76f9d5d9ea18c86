"""Train the judge on rendered clips.

nice -n 19 python -m training.classifier.train --minutes 10
"""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from training.classifier.model import JUDGE, VALUES, Classifier, labels, shard_pictures
from training.precision import mixed

MOMENTS = (2, 9, 16)
PEAK = 2e-3
"""Learning rate."""


def load_folder(
    folder: Path, moments: tuple[int, ...], shards: int
) -> tuple[Tensor, dict[str, Tensor]]:
    """Pictures as float16, to fit in memory, and their labels."""
    pictures, attributes = [], []
    for record in sorted(folder.glob("shard_*.json"))[:shards]:
        for moment in moments:
            found, known = shard_pictures(record, moment)
            pictures.append(found.half())
            attributes += known
    return torch.cat(pictures), labels(attributes)


@torch.no_grad()
def accuracy(model: Classifier, pictures: Tensor, wanted: dict[str, Tensor]) -> dict[str, float]:
    right = dict.fromkeys(VALUES, 0)
    for start in range(0, len(pictures), 64):
        part = slice(start, start + 64)
        for key, logits in model(pictures[part].float()).items():
            right[key] += int((logits.argmax(1) == wanted[key][part]).sum())
    return {key: round(count / len(pictures), 4) for key, count in right.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=Path("training/runs/clips"))
    parser.add_argument("--valid", type=Path, default=Path("training/runs/clips_valid"))
    parser.add_argument("--out", type=Path, default=JUDGE)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--grow", type=Path, help="a judge to start from, at a third of the rate")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pictures, wanted = load_folder(args.clips, MOMENTS, 100)
    torch.manual_seed(0)
    model = Classifier.load(args.grow).requires_grad_(True).train() if args.grow else Classifier()
    model = model.to(memory_format=torch.channels_last)
    peak = PEAK / 3 if args.grow else PEAK
    optimiser = torch.optim.AdamW(model.parameters(), lr=peak, weight_decay=0.02)
    model.layers.compile()
    start, step = time.monotonic(), 0
    while (spent := (time.monotonic() - start) / (60 * args.minutes)) < 1:
        picks = torch.randint(len(pictures), (args.batch,))
        for group in optimiser.param_groups:
            group["lr"] = peak * min(1.0, (step + 1) / 100) * (1 - spent)
        batch = pictures[picks].float()
        if torch.rand(()) < 0.5:
            batch = batch.flip(-1)
        with mixed():
            out = model(batch.to(memory_format=torch.channels_last))
        loss = torch.stack(
            [F.cross_entropy(logits.float(), wanted[key][picks]) for key, logits in out.items()]
        ).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        if step % 100 == 0:
            print(step, round(float(loss.detach()), 3), round(spent, 3), flush=True)
    model.eval()
    valid, truth = load_folder(args.valid, (9,), 100)
    print(json.dumps({"step": step, "held_out": accuracy(model, valid, truth)}))
    model.save(args.out)


if __name__ == "__main__":
    main()

"""Train the judge on rendered clips; continues where it stopped.

nice -n 19 python -m training.classifier.train --minutes 10
"""

import argparse
import json
import signal
import time
from dataclasses import dataclass
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


@dataclass(slots=True)
class Learning:
    """A judge that is being trained, and what has to be kept to go on with it."""

    model: Classifier
    optimiser: torch.optim.AdamW
    peak: float
    """Learning rate."""
    random: torch.Generator
    step: int = 0
    seconds: float = 0.0

    @classmethod
    def fresh(cls, grow: Path | None) -> "Learning":
        """From nothing, or from a judge, at a third of the rate."""
        torch.manual_seed(0)
        model = Classifier.load(grow).requires_grad_(True).train() if grow else Classifier()
        model = model.to(memory_format=torch.channels_last)
        peak = PEAK / 3 if grow else PEAK
        optimiser = torch.optim.AdamW(model.parameters(), lr=peak, weight_decay=0.02)
        return cls(model, optimiser, peak, torch.Generator().manual_seed(0))

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        counters = {"step": self.step, "seconds": self.seconds, "peak": self.peak}
        payload = {"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save(payload | {"random": self.random.get_state(), "counters": counters}, partial)
        partial.rename(path)

    def restore(self, path: Path) -> None:
        payload = torch.load(path, weights_only=True)
        self.model.load_state_dict(payload["model"])
        self.optimiser.load_state_dict(payload["optimiser"])
        self.random.set_state(payload["random"])
        for name, value in payload["counters"].items():
            setattr(self, name, value)

    def learn(self, pictures: Tensor, wanted: dict[str, Tensor], size: int, spent: float) -> float:
        """One step; the loss. spent: share of the training that is over."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.peak * min(1.0, (self.step + 1) / 100) * (1 - spent)
        picks = torch.randint(len(pictures), (size,), generator=self.random)
        batch = pictures[picks].float()
        if torch.rand((), generator=self.random) < 0.5:
            batch = batch.flip(-1)
        with mixed():
            out = self.model(batch.to(memory_format=torch.channels_last))
        loss = torch.stack(
            [F.cross_entropy(logits.float(), wanted[key][picks]) for key, logits in out.items()]
        ).sum()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.step += 1
        return float(loss.detach())


def train(
    judge: Learning, pictures: Tensor, wanted: dict[str, Tensor], args: argparse.Namespace
) -> bool:
    """What is left of the minutes; False where a signal ended it before."""
    stop = False

    def end(_signal: int, _frame: object) -> None:
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while not stop and (spent := judge.seconds / (60 * args.minutes)) < 1:
        began = time.monotonic()
        loss = judge.learn(pictures, wanted, args.batch, spent)
        judge.seconds += time.monotonic() - began
        if judge.step % 100 == 0:
            print(judge.step, round(loss, 3), round(spent, 3), flush=True)
            judge.save(args.checkpoint)
    judge.save(args.checkpoint)
    return not stop


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=Path("training/runs/clips"))
    parser.add_argument("--valid", type=Path, default=Path("training/runs/clips_valid"))
    parser.add_argument("--out", type=Path, default=JUDGE)
    parser.add_argument("--checkpoint", type=Path, default=Path("training/runs/judge.pt"))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--grow", type=Path, help="a judge to start from, at a third of the rate")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = parse()
    torch.set_num_threads(args.threads)
    pictures, wanted = load_folder(args.clips, MOMENTS, 100)
    judge = Learning.fresh(args.grow)
    if args.checkpoint.exists():
        judge.restore(args.checkpoint)
    judge.model.layers.compile()
    if not train(judge, pictures, wanted, args):
        return
    judge.model.eval()
    valid, truth = load_folder(args.valid, (9,), 100)
    print(json.dumps({"step": judge.step, "held_out": accuracy(judge.model, valid, truth)}))
    judge.model.save(args.out)
    args.checkpoint.unlink()


if __name__ == "__main__":
    main()

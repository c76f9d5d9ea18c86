"""Guidance and steps folded into the weights, so that few passes without guidance suffice.

    python -m training.transformer.distill --teacher training/runs/transformer/last.pt --hours 0.2

Two targets, both regressions under teacher forcing. `guide`: the student's flow is the teacher's
guided flow. `consistency`: the student's clean frame at a noise level is what its own average says
one small guided teacher step further down, so that a few jumps reach where many steps would.
"""

import argparse
import json
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from scope.models.attention_backend import attention_for
from scope.models.causal import CausalTransformer
from scope.pipelines.vista.text import TextEncoder
from training.transformer.data import LatentStore
from training.transformer.objective import Recipe, Sample, noised, own_past, predict
from training.transformer.state import Run, load_ema

Target = Literal["guide", "consistency"]
GRID = 48


@dataclass(frozen=True, slots=True)
class Distillation:
    target: Target
    guidance_first: float
    """Of frames without a past."""
    guidance: float
    """Of frames that continue something: what they see already says most."""
    shift: float = 2.5


class Distiller:
    def __init__(
        self, run: Run, teacher: CausalTransformer, null: Tensor, how: Distillation
    ) -> None:
        self.run = run
        self.teacher = teacher
        self.null = null
        self.how = how
        self.recipe = Recipe(text_dropout=0.0)

    def loss(self, batch_of: LatentStore, size: int, *, single: bool) -> Tensor:
        batch = batch_of.draw(size, single=single, random=self.run.random)
        frames = batch.latents.shape[2]
        sigma, lower = self._levels((size, frames))
        random, past = self.run.random, None
        if not single:
            past = own_past(self.run.ema, batch, self.recipe, self.null, random)
        sample = noised(batch, self.recipe, self.null, random, sigma=sigma, past=past)
        guided = self._guided(sample)
        if self.how.target == "guide":
            flow = self._student(sample)
            return weighted(flow.float() - guided, sample)
        x, wide = sample.x[:, :, -frames:], sigma[:, None, :, None, None]
        below = lower[:, None, :, None, None]
        moved = x + (below - wide) * guided
        goal = self._average_x0(sample, moved, lower)
        flow = self._student(sample)
        return weighted(x - wide * flow.float() - goal, sample)

    def _student(self, sample: Sample) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return predict(self.run.model, sample, 0)[0]

    def _levels(self, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Neighbours on the grid (consistency), or anything (guide)."""
        random, shift = self.run.random, self.how.shift
        if self.how.target == "guide":
            sigma = torch.rand(shape, generator=random) * 0.98 + 0.02
        else:
            sigma = torch.randint(1, GRID + 1, shape, generator=random) / GRID
        lower = (sigma - 1 / GRID).clamp(min=0)
        return _shifted(sigma, shift), _shifted(lower, shift)

    @torch.no_grad()
    def _guided(self, sample: Sample) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            flow, _ = predict(self.teacher, sample, 0)
            text = self.null.expand_as(sample.text)
            plain, _ = predict(self.teacher, replace(sample, text=text), 0)
        scale = torch.full((flow.shape[2],), self.how.guidance)
        scale[0] = self.how.guidance_first
        return plain.float() + scale[:, None, None] * (flow - plain).float()

    @torch.no_grad()
    def _average_x0(self, sample: Sample, moved: Tensor, lower: Tensor) -> Tensor:
        """The clean frame as the student's average sees it from the lower level."""
        frames = moved.shape[2]
        x = torch.cat((sample.x[:, :, :-frames], moved), dim=2)
        t = torch.cat((sample.t[:, :-frames], lower * 1000), dim=1)
        with torch.autocast("cpu", torch.bfloat16):
            flow, _ = predict(self.run.ema, replace(sample, x=x, t=t), 0)
        return moved - lower[:, None, :, None, None] * flow.float()


def weighted(error: Tensor, sample: Sample) -> Tensor:
    """Mean square of [batch, channels, frames, height, width], by what each place counts for."""
    return (error.square().mean(dim=1) * sample.weight).mean()


def _shifted(sigma: Tensor, shift: float) -> Tensor:
    return shift * sigma / (1 + (shift - 1) * sigma)


def train(distiller: Distiller, store: LatentStore, args: argparse.Namespace, path: Path) -> None:
    run, stop = distiller.run, False

    def end(_signal: int, _frame: object) -> None:
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, end)
    start = time.monotonic()
    saved, sums = start, []

    def progress() -> float:
        """Of the time, or of the steps: on a busy machine time says little."""
        spent = (time.monotonic() - start) / (3600 * args.hours)
        return run.step / args.steps if args.steps else spent

    while not stop and (elapsed := progress()) < 1:
        single = float(torch.rand(1, generator=run.random)) > args.clip_share
        size = args.single_size if single else args.clip_size
        loss = distiller.loss(store, size, single=single)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
        run.set_rate(args.rate * min(1.0, (run.step + 1) / 20) * min(1.0, (1 - elapsed) / 0.5))
        run.muon.step()
        run.adam.step()
        run.model.zero_grad()
        run.step += 1
        run.follow(args.ema)
        sums.append(float(loss.detach()))
        if run.step % 20 == 0:
            line = {"step": run.step, "loss": round(sum(sums) / len(sums), 4)}
            print(json.dumps(line | {"spent": round(elapsed, 3)}), flush=True)
            sums.clear()
        if time.monotonic() - saved > 300:
            run.save(path)
            saved = time.monotonic()
    run.save(path)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, default=Path("training/runs/transformer/last.pt"))
    parser.add_argument("--latents", type=Path, default=Path("training/runs/latents"))
    parser.add_argument("--out", type=Path, default=Path("training/runs/distilled"))
    parser.add_argument("--target", choices=("guide", "consistency"), default="guide")
    parser.add_argument("--guidance-first", type=float, default=3.0)
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--hours", type=float, default=0.2)
    parser.add_argument("--steps", type=int, help="ends after so many, instead of by time")
    parser.add_argument("--rate", type=float, default=0.2, help="of the training rate")
    parser.add_argument("--ema", type=float, default=0.98)
    parser.add_argument("--single-size", type=int, default=32)
    parser.add_argument("--clip-size", type=int, default=6)
    parser.add_argument("--clip-share", type=float, default=0.5)
    return parser.parse_args()


def main() -> None:
    args = parse()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "last.pt"
    run = Run.load(path) if path.exists() else student_of(args.teacher)
    run.model.use_attention(attention_for(run.model.device, name="products"))
    for block in run.model.blocks:
        block.compile(dynamic=False)
    how = Distillation(args.target, args.guidance_first, args.guidance)
    store = LatentStore(args.latents)
    store.refresh()
    null = torch.from_numpy(TextEncoder().encode(""))
    train(Distiller(run, load_ema(args.teacher), null, how), store, args, path)


def student_of(teacher: Path) -> Run:
    """A run that starts from a checkpoint's averaged weights."""
    loaded = Run.load(teacher)
    run = Run.fresh(loaded.sizes)
    run.model.load_state_dict(loaded.ema.state_dict())
    run.ema.load_state_dict(loaded.ema.state_dict())
    return run


if __name__ == "__main__":
    main()

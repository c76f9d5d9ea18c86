"""Guidance and steps folded into the weights, so that few passes without guidance suffice.

    python -m training.transformer.distill --teacher training/runs/transformer/last.pt --hours 0.2

Two targets, both regressions. `guide`: the student's flow is the teacher's guided flow, under
teacher forcing. `endpoint`: from any level of a way of the teacher's many steps, the student's flow
points at its end, after a past that is the student's own stream (see `endpoint`).
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
from scope.models.flow import TIMESTEPS
from scope.pipelines.vista.text import TextEncoder
from training.precision import mixed
from training.transformer.data import LatentStore
from training.transformer.endpoint import Endpoint, Worth
from training.transformer.objective import Recipe, Sample, noised, predict
from training.transformer.reader import Reader, learn
from training.transformer.state import Run, load_ema
from training.transformer.worn import Wear, worn_past

Target = Literal["guide", "endpoint"]


@dataclass(frozen=True, slots=True)
class Distillation:
    target: Target
    guidance_first: float
    """Of frames without a past."""
    guidance: float
    """Of frames that continue something: what they see already says most."""
    guided_above: float = 0.0
    """Noise level below which guidance rests: there it would only coarsen detail (Kynkäänniemi et
    al. 2024, arXiv 2404.07724)."""
    shift: float = 2.5


class Distiller:
    def __init__(
        self,
        run: Run,
        teacher: CausalTransformer,
        null: Tensor,
        how: Distillation,
        worth: Worth | None = None,
    ) -> None:
        self.run = run
        self.teacher = teacher
        self.null = null
        self.how = how
        self.recipe = Recipe(text_dropout=0.0)
        self.endpoint = Endpoint(run, self._guided, null, how.shift, worth)

    def loss(self, store: LatentStore, size: int, *, single: bool) -> Tensor:
        if self.how.target == "guide":
            sample, goal = self._guide(store, size, single=single)
        else:
            sample, goal = self.endpoint.task(store, size, single=single)
        with mixed():
            flow = predict(self.run.model, sample, 0)[0]
        return weighted(flow.float() - goal, sample)

    def _guide(self, store: LatentStore, size: int, *, single: bool) -> tuple[Sample, Tensor]:
        """Frames of clips at any level, and the teacher's guided flow."""
        batch = store.draw(size, single=single, random=self.run.random)
        random, past = self.run.random, None
        if not single:
            past = worn_past(self.run.ema, batch, self.recipe, Wear(), self.null, random)
        level = torch.rand((size, batch.latents.shape[2]), generator=random) * 0.98 + 0.02
        sigma = self.how.shift * level / (1 + (self.how.shift - 1) * level)
        sample = noised(batch, self.recipe, self.null, random, sigma=sigma, past=past)
        return sample, self._guided(sample)

    @torch.no_grad()
    def _guided(self, sample: Sample) -> Tensor:
        how, frames = self.how, sample.target.shape[2]
        scale = torch.full((frames,), how.guidance)
        scale[0] = how.guidance_first
        sigma = sample.t[:, -frames:] / TIMESTEPS
        scale = torch.where(sigma >= how.guided_above, scale, 1.0)[:, None, :, None, None]
        with mixed():
            flow = predict(self.teacher, sample, 0)[0].float()
            if bool((scale == 1.0).all()):
                return flow
            text = self.null.expand_as(sample.text)
            plain = predict(self.teacher, replace(sample, text=text), 0)[0].float()
        return plain + scale * (flow - plain)


def weighted(error: Tensor, sample: Sample) -> Tensor:
    """Mean square of [batch, channels, frames, height, width], by what each place counts for."""
    return (error.square().mean(dim=1) * sample.weight).mean()


def train(distiller: Distiller, store: LatentStore, args: argparse.Namespace, path: Path) -> None:
    run, stop = distiller.run, False

    def end(_signal: int, _frame: object) -> None:
        nonlocal stop
        stop = True

    signal.signal(signal.SIGTERM, end)
    saved, sums = time.monotonic(), []

    def progress() -> float:
        """Of the time, or of the steps: on a busy machine time says little."""
        return run.step / args.steps if args.steps else run.stage_s / (3600 * args.hours)

    while not stop and (elapsed := progress()) < 1:
        began = time.monotonic()
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
        run.spent(time.monotonic() - began)
        sums.append(float(loss.detach()))
        if run.step % 20 == 0:
            line = {"step": run.step, "loss": round(sum(sums) / len(sums), 4)}
            print(json.dumps(line | {"spent": round(elapsed, 3)}), flush=True)
            sums.clear()
        if time.monotonic() - saved > 300:
            run.save(path)
            saved = time.monotonic()
    if progress() >= 1:
        run.stage_s = 0.0
    run.save(path)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, default=Path("training/runs/transformer/last.pt"))
    parser.add_argument("--student", type=Path, help="begins with these weights, not the teacher's")
    parser.add_argument("--latents", type=Path, default=Path("training/runs/latents"))
    parser.add_argument("--out", type=Path, default=Path("training/runs/distilled"))
    parser.add_argument("--target", choices=("guide", "endpoint"), default="guide")
    parser.add_argument("--guidance-first", type=float, default=3.0)
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--guided-above", type=float, default=0.0, help="noise level, 0 to 1")
    parser.add_argument("--hours", type=float, default=0.2)
    parser.add_argument("--steps", type=int, help="ends after so many, instead of by time")
    parser.add_argument("--rate", type=float, default=0.2, help="of the training rate")
    parser.add_argument("--ema", type=float, default=0.98)
    parser.add_argument("--single-size", type=int, default=32)
    parser.add_argument("--clip-size", type=int, default=6)
    parser.add_argument("--clip-share", type=float, default=0.5)
    parser.add_argument("--reader-steps", type=int, default=800, help="0: every end counts alike")
    return parser.parse_args()


def main() -> None:
    args = parse()
    args.out.mkdir(parents=True, exist_ok=True)
    path = args.out / "last.pt"
    run = Run.load(path) if path.exists() else student_of(args.student or args.teacher)
    run.model.use_attention(attention_for(run.model.device, name="products"))
    for block in run.model.blocks:
        block.compile(dynamic=False)
    how = Distillation(args.target, args.guidance_first, args.guidance, args.guided_above)
    store = LatentStore(args.latents)
    store.refresh()
    null = torch.from_numpy(TextEncoder().encode(""))
    teacher = load_ema(args.teacher)
    for block in teacher.blocks:
        block.compile(dynamic=False)
    worth = None
    if args.target == "endpoint" and args.reader_steps:
        worth = reader_of(run, store, args.reader_steps, args.out / "reader.pt").worth
    train(Distiller(run, teacher, null, how, worth), store, args, path)


def reader_of(run: Run, store: LatentStore, steps: int, path: Path) -> Reader:
    """The reader kept beside the checkpoint, or one that learns now."""
    reader = Reader(run.sizes.channels)
    if path.exists():
        reader.load_state_dict(torch.load(path, weights_only=True))
        return reader.eval().requires_grad_(False)
    told = learn(reader, store, run.random, steps=steps)
    torch.save(reader.state_dict(), path)
    print(json.dumps({"reader": round(sum(told[-50:]) / len(told[-50:]), 4)}), flush=True)
    return reader


def student_of(checkpoint: Path) -> Run:
    """A run that starts from a checkpoint's averaged weights."""
    loaded = Run.load(checkpoint)
    run = Run.fresh(loaded.sizes)
    run.model.load_state_dict(loaded.ema.state_dict())
    run.ema.load_state_dict(loaded.ema.state_dict())
    return run


if __name__ == "__main__":
    main()

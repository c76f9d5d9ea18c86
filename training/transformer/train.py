"""Train the transformer on latent shards; continues where it stopped.

    nice -n 19 python -m training.transformer.train --hours 10

Log lines go to `log.jsonl` beside the checkpoints. SIGTERM or SIGINT saves and ends; the same
command then trains what is left of the hours. Once they are over, it begins another stage.
"""

import argparse
import json
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from scope.models.attention_backend import attention_for
from scope.pipelines.vista.text import TextEncoder
from training.precision import mixed
from training.transformer.data import LatentStore
from training.transformer.evaluate_flow import held_out
from training.transformer.grow import grown
from training.transformer.model import Sizes
from training.transformer.objective import Recipe, losses, noised
from training.transformer.state import Run, load_ema
from training.transformer.worn import Wear, worn_past

WARM_UP = 200
EMA_DECAY = 0.999


@dataclass(frozen=True, slots=True)
class Plan:
    out: Path
    hours: float
    cooldown: float
    """Share of the time at the end in which the rate falls to zero."""
    single_size: int
    clip_size: int
    clip_share: float
    """Share of the steps on whole clips, reached after `clips_from` steps."""
    clips_from: int
    own_past_from: int
    """From this step on some clips continue a worn past."""
    wear_by: Path | None = None
    """Weights whose errors wear pasts; the run's own average otherwise."""
    save_s: float = 600.0


class Trainer:
    def __init__(self, run: Run, plan: Plan, train: LatentStore, valid: LatentStore) -> None:
        self.run = run
        self.plan = plan
        self.train = train
        self.valid = valid
        self.recipe = Recipe()
        self.wear = Wear()
        self.wearer = load_ema(plan.wear_by) if plan.wear_by else run.ema
        self.null = torch.from_numpy(TextEncoder().encode(""))
        self.stop = False

    def progress(self) -> float:
        """Of the stage, 0 to 1: of the hours that it trains, stops in between not counted."""
        return self.run.stage_s / (self.plan.hours * 3600)

    def rate(self) -> float:
        fall = 1.0
        if self.plan.cooldown > 0:
            fall = min(1.0, max(0.0, (1.0 - self.progress()) / self.plan.cooldown))
        return min(1.0, (self.run.step + 1) / WARM_UP) * fall

    def step(self) -> tuple[str, float, float]:
        run, plan = self.run, self.plan
        chance = plan.clip_share if run.step >= plan.clips_from else 0.0
        clip = float(torch.rand(1, generator=run.random)) < chance
        size = plan.clip_size if clip else plan.single_size
        batch = self.train.draw(size, single=not clip, random=run.random)
        past = None
        if clip and run.step >= plan.own_past_from:
            past = worn_past(self.wearer, batch, self.recipe, self.wear, self.null, run.random)
        sample = noised(batch, self.recipe, self.null, run.random, past=past)
        with mixed():
            flow, semantic = losses(run.model, run.head, sample, run.sizes.semantic_layer)
        (flow + self.recipe.semantic * semantic).backward()
        parameters = [*run.model.parameters(), *run.head.parameters()]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        run.set_rate(self.rate())
        run.muon.step()
        run.adam.step()
        for parameter in parameters:
            parameter.grad = None
        run.step += 1
        run.views += size
        run.follow(EMA_DECAY)
        return ("clip" if clip else "single"), float(flow.detach()), float(semantic.detach())

    def loop(self) -> None:
        saved = logged = time.monotonic()
        sums: dict[str, list[float]] = {}
        while not self.stop and self.progress() < 1:
            began = time.monotonic()
            kind, flow, semantic = self.step()
            self.run.spent(time.monotonic() - began)
            sums.setdefault(kind, []).append(flow)
            sums.setdefault("semantic", []).append(semantic)
            if time.monotonic() - logged > 60:
                self._log({k: sum(v) / len(v) for k, v in sums.items()})
                sums.clear()
                self.train.refresh()
                logged = time.monotonic()
            if time.monotonic() - saved > self.plan.save_s:
                self._save()
                saved = time.monotonic()
        self._save()
        if self.progress() >= 1:
            self.run.stage_s = 0.0
            self.run.save(self.plan.out / "last.pt")

    def _save(self) -> None:
        for single in (True, False):
            levels = held_out(self.run.ema, self.valid, single=single)
            name = "held_out_single" if single else "held_out_clip"
            self._log({name: round(sum(levels.values()) / len(levels), 4)} | _named(levels))
        self.run.save(self.plan.out / "last.pt")

    def _log(self, values: dict[str, float]) -> None:
        run = self.run
        line = {"step": run.step, "views": run.views, "hours": round(run.seconds / 3600, 3)}
        line |= {key: round(value, 4) for key, value in values.items()}
        line |= {"clips": len(self.train), "rate": round(self.rate(), 3)}
        text = json.dumps(line)
        print(text, flush=True)
        with (self.plan.out / "log.jsonl").open("a") as file:
            file.write(text + "\n")


def _named(levels: dict[float, float]) -> dict[str, float]:
    return {f"at_{level}": value for level, value in levels.items()}


def wait_for_shards(stores: tuple[LatentStore, ...], shards: int) -> None:
    """Block until enough shards exist, so that training can be started early."""
    folder = stores[0].folder
    while len(list(folder.glob("shard_*.json"))) < shards:
        time.sleep(10)
    for store in stores:
        store.refresh()


def beginning(args: argparse.Namespace) -> Run:
    """Fresh weights, or those of a run whose latents had fewer channels or as many."""
    sizes = Sizes(dim=args.dim, layers=args.layers)
    return grown(args.grow, sizes.channels) if args.grow else Run.fresh(sizes)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, default=Path("training/runs/latents"))
    parser.add_argument("--out", type=Path, default=Path("training/runs/transformer"))
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--cooldown", type=float, default=0.3)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--grow", type=Path, help="a checkpoint whose weights to start from")
    parser.add_argument("--single-size", type=int, default=32)
    parser.add_argument("--clip-size", type=int, default=6)
    parser.add_argument("--clip-share", type=float, default=0.4)
    parser.add_argument("--clips-from", type=int, default=600)
    parser.add_argument("--own-past-from", type=int, default=900)
    parser.add_argument("--wear-by", type=Path, help="a checkpoint: its errors wear pasts")
    parser.add_argument("--shards", type=int, default=10, help="wait for this many")
    parser.add_argument("--no-compile", action="store_true")
    return parser.parse_args()


def main() -> None:
    args = parse()
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "pid").write_text(str(os.getpid()))
    train, valid = LatentStore(args.latents), LatentStore(args.latents, holdout=True)
    wait_for_shards((train, valid), args.shards)
    checkpoint = args.out / "last.pt"
    run = Run.load(checkpoint) if checkpoint.exists() else beginning(args)
    run.model.use_attention(attention_for(run.model.device, name="products"))
    if not args.no_compile:
        for block in run.model.blocks:
            block.compile(dynamic=False)
    plan = Plan(
        out=args.out,
        hours=args.hours,
        cooldown=args.cooldown,
        single_size=args.single_size,
        clip_size=args.clip_size,
        clip_share=args.clip_share,
        clips_from=args.clips_from,
        own_past_from=args.own_past_from,
        wear_by=args.wear_by,
    )
    trainer = Trainer(run, plan, train, valid)

    def end(_signal: int, _frame: object) -> None:
        trainer.stop = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    trainer.loop()


if __name__ == "__main__":
    main()

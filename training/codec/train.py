"""Train the codec: `python -m training.codec.train --clips … --out … --minutes 50`.

Decides schedule, logging and checkpoints. The schedule follows the minutes spent, kept in the
checkpoint, so a slow or interrupted machine still ends at a small learning rate.

With `--decoder-of RUN`, the encoder and the latents' statistics of an earlier run stay as they are
and only the decoder learns on: latents that exist, and transformers trained on them, remain valid.
With `--picture-memory` that decoder also learns to see the last picture that it made.

`--sharpen K` asks for pictures whose fine detail is stronger by K. Where a latent does not carry
detail, the picture of least error shows it too faintly: with a share r of its energy. Raising that
to R costs an error of (√(R/r) - 1)² r of the detail's energy, 1.5% of it from 0.6 to 0.8. A heavy
`--texture` asks for the same and gets it in noise.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from training.codec.adversary import Adversary
from training.codec.data import ClipShards, batches
from training.codec.grow import grown
from training.codec.guesses import Guesses, GuessSource
from training.codec.losses import Weights, psnr, rarity, reconstruction, sharpened, spread
from training.codec.measure import load, measure, save
from training.codec.model import PICTURES, Codec, CodecShape
from training.codec.optimizer import optimizers
from training.codec.unroll import unrolled
from training.precision import mixed

LESSONS_AHEAD = 50
"""The critic learns alone at first; it starts anew with every process."""
GROUPS = 3  # latent frames a sample: all but the first are decoded with a memory
CHECKPOINT_EVERY_S = 180.0
EMA = 0.998


@functools.cache
def fused_reconstruction() -> Callable[[Tensor, Tensor, Tensor, Weights], Tensor]:
    """The loss, compiled: it costs a third of what its single operations do."""
    return torch.compile(reconstruction)


def forward(
    model: Codec, clip: Tensor, weights: Weights, *, noise: float, sharpen: float
) -> tuple[Tensor, Tensor]:
    """Loss and pictures of a batch [B, P, 3, H, W]."""
    count = len(clip)
    groups = clip.unflatten(1, (-1, PICTURES)).transpose(0, 1).flatten(0, 1).flatten(1, 2)
    fixed = not next(model.encoder.parameters()).requires_grad
    with mixed(), torch.set_grad_enabled(not fixed):
        latent = model.encoder(groups.contiguous(memory_format=torch.channels_last))
    noisy = latent + torch.randn_like(latent) * noise
    pictures = unrolled(model, noisy.unflatten(0, (-1, count)).transpose(0, 1))
    loss = _loss(pictures, clip, weights, sharpen)
    if not fixed:
        loss = loss + weights.spread * spread(latent.float())
    return loss, pictures


def forward_guesses(
    model: Codec, guesses: Guesses, weights: Weights, *, sharpen: float
) -> tuple[Tensor, Tensor]:
    """Loss and pictures of what the transformer made."""
    pictures = unrolled(model, guesses.latents * model.latent_std + model.latent_mean)
    return _loss(pictures, guesses.pictures, weights, sharpen), pictures


def _loss(pictures: Tensor, clip: Tensor, weights: Weights, sharpen: float) -> Tensor:
    wanted = sharpened(clip, sharpen) if sharpen > 0 else clip
    return fused_reconstruction()(pictures, wanted, rarity(clip.flatten(0, 1)), weights)


def rate(progress: float, step: int) -> float:
    """Share of the peak learning rate: warm-up, then a straight line down to 2%."""
    return min(1.0, (step + 1) / 100) * max(0.02, 1 - 0.98 * progress)


class Run:
    """A model in training with all that a checkpoint needs."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.out: Path = options.out
        self.out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(options.seed)
        self.fixed_encoder = options.decoder_of is not None
        self.model = _beginning(options)
        self.model.train().to(memory_format=torch.channels_last)
        self.model.encoder.requires_grad_(not self.fixed_encoder)
        self.average = {k: v.detach().clone() for k, v in self.model.named_parameters()}
        self.optimizers = optimizers(self.model, muon_lr=options.muon, adam_lr=options.adam)
        self.peaks = [group["lr"] for opt in self.optimizers for group in opt.param_groups]
        self.step, self.spent_s = 0, 0.0
        self._resume()

    def _resume(self) -> None:
        path = self.out / "checkpoint.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average = state["average"]
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step, self.spent_s = state["step"], state["spent_s"]

    def save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "spent_s": self.spent_s,
        }
        partial = self.out / "checkpoint.partial"
        torch.save(state, partial)
        partial.rename(self.out / "checkpoint.pt")

    def set_rate(self, share: float) -> None:
        groups = [group for optimizer in self.optimizers for group in optimizer.param_groups]
        for group, peak in zip(groups, self.peaks, strict=True):
            group["lr"] = peak * share

    def learn(self, loss: Tensor) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
        with torch.no_grad():
            keep = min(EMA, (self.step + 1) / (self.step + 10))
            for name, parameter in self.model.named_parameters():
                self.average[name].lerp_(parameter, 1 - keep)
        self.step += 1

    def averaged(self) -> Codec:
        model = Codec(self.model.shape).to(memory_format=torch.channels_last)
        model.load_state_dict({**self.model.state_dict(), **self.average})
        return model.eval()

    def log(self, **values: object) -> None:
        line = json.dumps({"time": time.strftime("%H:%M:%S"), "step": self.step, **values})
        print(line, flush=True)
        with (self.out / "log.txt").open("a") as log:
            log.write(line + "\n")


def _weights(options: argparse.Namespace) -> Weights:
    return Weights(texture=options.texture, seam=options.seam, structure=options.structure)


def _beginning(options: argparse.Namespace) -> Codec:
    if options.decoder_of is not None:
        given = load(options.decoder_of)
        if options.picture_memory and not given.shape.picture_memory:
            return grown(given, replace(given.shape, picture_memory=True))
        return given
    shape = CodecShape(latent=options.latent, picture_memory=options.picture_memory)
    return grown(load(options.grow), shape) if options.grow else Codec(shape)


def export(run: Run, statistics: Tensor) -> None:
    """The averaged weights with the latents' statistics."""
    model = run.averaged()
    if not run.fixed_encoder:
        model.latent_mean.copy_(statistics.mean(dim=(0, 1, 3, 4)).view(1, -1, 1, 1))
        model.latent_std.copy_(statistics.std(dim=(0, 1, 3, 4)).view(1, -1, 1, 1))
    save(model, run.out)


def train(options: argparse.Namespace) -> None:
    run, weights = Run(options), _weights(options)
    source = batches(
        ClipShards(options.clips), seed=options.seed + run.step, batch=options.batch,
        pictures=GROUPS * PICTURES, height=96, width=160,
    )  # fmt: skip
    guessed = None
    if options.guesses:
        made_by = GuessSource(options.guesses, options.clips, options.latents, seed=run.step)
        guessed = made_by.batches(options.batch)
    adversary = Adversary() if options.adversary > 0 else None
    saved_at, seen, started = time.monotonic(), [], time.monotonic()
    budget_s = options.minutes * 60
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    while run.spent_s < budget_s and not stopped.is_set():
        run.set_rate(rate(run.spent_s / budget_s, run.step))
        clip = next(source)
        sharpen = options.sharpen
        loss, pictures = forward(run.model, clip, weights, noise=options.noise, sharpen=sharpen)
        if guessed is not None:
            of_guesses, _ = forward_guesses(run.model, next(guessed), weights, sharpen=sharpen)
            loss = loss + of_guesses
        if adversary is not None:
            if adversary.lessons >= LESSONS_AHEAD:
                loss = loss + options.adversary * adversary.reproach(pictures)
            adversary.lesson(pictures, clip)
        run.learn(loss)
        seen.append((float(loss.detach()), float(psnr(pictures.detach(), clip).mean())))
        now = time.monotonic()
        run.spent_s, started = run.spent_s + now - started, now
        if run.step % 50 == 0:
            mean_loss, mean_db = (math.fsum(part) / len(seen) for part in zip(*seen, strict=True))
            run.log(loss=round(mean_loss, 4), db=round(mean_db, 2), spent_s=round(run.spent_s))
            seen = []
        if now - saved_at > CHECKPOINT_EVERY_S:
            run.save()
            saved_at = now
        if run.step % options.measure_every == 0:
            report(run, options)
    run.save()
    if not stopped.is_set():
        report(run, options)


def report(run: Run, options: argparse.Namespace) -> None:
    found, statistics = measure(run.averaged(), options.valid, clips=options.measure_clips)
    run.log(**found)
    export(run, statistics)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, default=Path("training/runs/clips"))
    parser.add_argument("--valid", type=Path, default=Path("training/runs/clips_valid"))
    parser.add_argument("--out", type=Path, default=Path("training/runs/codec"))
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--latent", type=int, default=CodecShape().latent)
    parser.add_argument("--muon", type=float, default=0.01)
    parser.add_argument("--adam", type=float, default=1e-3)
    parser.add_argument("--noise", type=float, default=0.05)
    parser.add_argument("--texture", type=float, default=Weights().texture)
    parser.add_argument("--seam", type=float, default=Weights().seam)
    parser.add_argument("--structure", type=float, default=Weights().structure)
    parser.add_argument("--sharpen", type=float, default=0.0, help="how much stronger detail")
    parser.add_argument("--adversary", type=float, default=0.0, help="weight of a critic's word")
    parser.add_argument("--grow", type=Path, help="a finished run to start from, all of it learns")
    parser.add_argument("--decoder-of", type=Path, help="a finished run whose encoder stays fixed")
    parser.add_argument(
        "--picture-memory", action="store_true", help="the decoder sees its last picture"
    )
    parser.add_argument("--guesses", type=Path, help="a transformer whose guesses are shown too")
    parser.add_argument("--latents", type=Path, default=Path("training/runs/latents"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--measure-every", type=int, default=1000)
    parser.add_argument("--measure-clips", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "train.pid").write_text(str(os.getpid()))
    train(options)


if __name__ == "__main__":
    main()

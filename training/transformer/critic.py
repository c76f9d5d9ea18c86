"""A critic of latent frames, for students whose few steps end at the mean of what may be meant.

A regression to a teacher's ends can not be sharper than the teacher, and forgives a missing bird.
The critic sees a frame with noise on it (so that what it knows stays gradual: Wang et al. 2022,
arXiv 2206.02262) and says two things: whether it was rendered and belongs to its text (a projection
of the text: Miyato and Koyama 2018; wrong texts as further negatives: Reed et al. 2016), and which
values of the attributes it shows (auxiliary classifier: Odena et al. 2017), without the text. It
learns from rendered frames and is not the judge of `training.classifier`, which sees pictures.
Decides the critic, not how much it counts.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.flow import TIMESTEPS, add_noise
from scope.pipelines.vista.text import TEXT_TOKENS, TEXT_WIDTH
from training.codec.precision import mixed
from training.transformer.data import Batch, LatentStore
from training.transformer.objective import Sample
from training.world.attributes import VALUES

HIGHEST = 0.8
"""Noise level up to which frames are judged, mostly at low ones: small things drown soon."""
COUNTS = {"sky": 2.0}
"""Attributes that are missed most count more."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Single frames with what they should be."""

    latents: Tensor
    """[n, channels, height, width]"""
    pooled: Tensor
    """The sentence's row of each text [n, 384]."""
    wanted: Tensor
    """[n, 5], values of the attributes or -1."""

    @classmethod
    def of(cls, latents: Tensor, text: Tensor, wanted: Tensor) -> "Frames":
        """From [batch, channels, frames, ...], [batch, frames, ...] and [batch, frames, 5]."""
        return cls(
            latents.transpose(1, 2).flatten(0, 1),
            text[:, :, TEXT_TOKENS].flatten(0, 1),
            wanted.flatten(0, 1),
        )

    def some(self, rows: Tensor) -> "Frames":
        return Frames(self.latents[rows], self.pooled[rows], self.wanted[rows])


class Critic(nn.Module):
    """Scores [n, tokens] and a row of logits for each attribute."""

    def __init__(self, channels: int, width: int = 96) -> None:
        super().__init__()
        wide = 2 * width
        self.trunk = nn.Sequential(
            _conv(channels + 1, width),
            nn.SiLU(),
            _conv(width, width),
            nn.SiLU(),
            nn.PixelUnshuffle(2),
            _conv(4 * width, wide, 1),
            nn.SiLU(),
            _conv(wide, wide),
            nn.SiLU(),
            _conv(wide, wide),
            nn.SiLU(),
        )
        self.values = nn.ModuleDict(
            {key: nn.Linear(2 * wide, len(known)) for key, known in VALUES.items()}
        )
        self.mix = nn.Sequential(_conv(wide, wide, 1), nn.SiLU())
        self.score = _conv(wide, 1, 1)
        self.meant = nn.Linear(TEXT_WIDTH, wide)

    def see(self, frames: Tensor, level: Tensor) -> Tensor:
        plane = level[:, None, None, None].expand(-1, 1, *frames.shape[2:])
        seen: Tensor = self.trunk(torch.cat((frames, plane), dim=1))
        return seen

    def name(self, seen: Tensor) -> dict[str, Tensor]:
        pooled = torch.cat((seen.mean((2, 3)), seen.amax((2, 3))), dim=1)
        return {key: head(pooled).float() for key, head in self.values.items()}

    def judge(self, seen: Tensor, pooled: Tensor) -> Tensor:
        """pooled: the sentence's row of each text [n, 384]."""
        heard = self.mix(seen)
        agrees = (heard * self.meant(pooled)[:, :, None, None]).mean(1, keepdim=True)
        scores: Tensor = self.score(heard) + agrees
        return scores.flatten(1).float()


class Adversary:
    """The critic in training. `lesson` teaches it, `reproach` is what the student is told."""

    def __init__(self, channels: int, random: torch.Generator, *, rate: float = 1e-3) -> None:
        self.random = random
        self.critic = Critic(channels).to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.critic.parameters(), lr=rate, betas=(0.5, 0.98))

    def lesson(self, made: Frames, rendered: Batch) -> dict[str, float]:
        """One step of the critic; gives its losses: 2 and log(values) where it can tell nothing."""
        drawn = Frames.of(rendered.latents, rendered.text, rendered.shows)
        self.critic.requires_grad_(True)
        seen, seen_made = self._see(drawn), self._see(made)
        with mixed():
            real = self.critic.judge(seen, drawn.pooled)
            astray = self.critic.judge(seen, torch.roll(drawn.pooled, 1, 0))
            fake = self.critic.judge(seen_made, made.pooled)
        negatives = ((1 + astray).relu().mean() + (1 + fake).relu().mean()) / 2
        doubt = (1 - real).relu().mean() + negatives
        naming = self._naming(seen, drawn.wanted)
        self._step(doubt + naming)
        return {"doubt": float(doubt.detach()), "naming": float(naming.detach())}

    def learn_names(self, rendered: Batch) -> float:
        """A step of the values alone, before there is a student to judge."""
        drawn = Frames.of(rendered.latents, rendered.text, rendered.shows)
        seen = self._see(drawn)
        naming = self._naming(seen, drawn.wanted)
        self._step(naming)
        return float(naming.detach())

    def reproach(self, made: Frames) -> tuple[Tensor, Tensor]:
        """Losses of the student: not taken for rendered, and without what its text asks for."""
        self.critic.requires_grad_(False)
        seen = self._see(made)
        with mixed():
            scores = self.critic.judge(seen, made.pooled)
        return -scores.mean(), self._naming(seen, made.wanted)

    def state(self) -> dict[str, Any]:
        return {"critic": self.critic.state_dict(), "optimizer": self.optimizer.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        self.critic.load_state_dict(state["critic"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _see(self, frames: Frames) -> Tensor:
        latents = frames.latents
        level = torch.rand(len(latents), generator=self.random).square() * HIGHEST
        noise = torch.randn(latents.shape, generator=self.random)
        noisy = add_noise(latents, noise, level[:, None, None, None])
        with mixed():
            return self.critic.see(noisy, level)

    def _naming(self, seen: Tensor, wanted: Tensor) -> Tensor:
        with mixed():
            named = self.critic.name(seen)
        losses = [
            COUNTS.get(key, 1.0) * _told(logits, wanted[:, place])
            for place, (key, logits) in enumerate(named.items())
        ]
        return torch.stack(losses).mean()

    def _step(self, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()


def _told(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy over the rows that want something, as a share of all rows."""
    return F.cross_entropy(logits, wanted, ignore_index=-1, reduction="sum") / len(wanted)


def _conv(inputs: int, outputs: int, size: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, padding=size // 2)


@dataclass(slots=True)
class Reproach:
    """How much the critic's word counts beside a regression.

    Its gradient, with respect to the student's flow, is scaled to shares of the regression's own:
    losses of so different kinds have no common unit.
    """

    adversary: Adversary
    store: LatentStore
    doubt: float = 0.5
    naming: float = 0.5
    size: int = 48
    """Frames judged in a step."""
    _said: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list), init=False)

    def prepare(self, kept: Path, steps: int = 400) -> None:
        """The critic learns the values before anyone listens to it, or goes on where it was."""
        if kept.exists():
            self.adversary.restore(torch.load(kept, weights_only=True))
            return
        random = self.adversary.random
        for step in range(steps):
            batch = self.store.draw(self.size, single=True, random=random)
            self._said["naming_first"].append(self.adversary.learn_names(batch))
            if step % 50 == 49:
                print(self.said(), flush=True)

    def said(self) -> dict[str, float]:
        """Means of the critic's losses and of what it told since last asked."""
        means = {key: sum(values) / len(values) for key, values in self._said.items()}
        self._said.clear()
        return means

    def add(self, flow: Tensor, regression: Tensor, sample: Sample, asked: Tensor) -> Tensor:
        """The regression's loss with the critic's word about the end that the flow points at.

        flow: [batch, channels, frames, height, width]; asked: [batch, frames, 5].
        """
        frames = flow.shape[2]
        sigma = sample.t[:, -frames:] / TIMESTEPS
        x = sample.x[:, :, -frames:]
        end = x - sigma[:, None, :, None, None] * flow
        rows = torch.randperm(len(x) * frames, generator=self.adversary.random)[: self.size]
        made = Frames.of(end.detach(), sample.text[:, -frames:], asked).some(rows)
        rendered = self.store.draw(self.size, single=True, random=self.adversary.random)
        said = self.adversary.lesson(made, rendered)
        own = torch.autograd.grad(regression, flow, retain_graph=True)[0]
        made.latents.requires_grad_(True)
        doubt, naming = self.adversary.reproach(made)
        level = sigma.flatten()[rows][:, None, None, None]
        flat = flow.transpose(1, 2).flatten(0, 1)[rows]
        total = regression
        for loss, share in ((doubt, self.doubt), (naming, self.naming)):
            word = -level * torch.autograd.grad(loss, made.latents, retain_graph=True)[0]
            scale = share * own.norm() / word.norm().clamp(min=1e-12)
            total = total + (scale * word * flat).sum()
        said |= {"reproach": float(doubt.detach()), "missing": float(naming.detach())}
        for key, value in said.items():
            self._said[key].append(value)
        return total

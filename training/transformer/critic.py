"""A critic of latent frames, for students whose few steps end at the mean of what may be meant.

A regression to a teacher's ends can not be sharper than the teacher, and forgives a missing bird.
The critic sees a frame with noise on it (so that what it knows stays gradual) and says two things:
whether frame and text belong together and were rendered, from what the frozen teacher makes of both
(latent adversarial distillation: Sauer et al. 2024, arXiv 2403.12015; wrong texts as further
negatives: Reed et al. 2016), and which values of the attributes it shows (auxiliary classifier:
Odena et al. 2017), without the text. It learns from rendered frames and is not the judge of
`training.classifier`, which sees pictures. Decides the critic, not how much it counts.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.causal import CausalTransformer, FrameLayout
from scope.models.flow import TIMESTEPS, add_noise
from scope.pipelines.vista.text import TEXT_WIDTH
from training.codec.precision import mixed
from training.transformer.data import Batch, LatentStore
from training.transformer.objective import Sample, predict
from training.world.attributes import VALUES

LAYER = 4
"""Of the teacher, whose tokens the critic sees."""
HIGHEST = 0.8
"""Noise level up to which frames are judged: above it little can be told."""
COUNTS = {"sky": 2.0}
"""Attributes that are missed most count more."""

Listen = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Frames [n, channels, height, width] at levels [n] with texts [n, 33, 384] to the teacher's flow
[n, channels, height, width] and tokens [n, tokens, dim]."""


@dataclass(frozen=True, slots=True)
class Frames:
    """Single frames with what they should be."""

    latents: Tensor
    """[n, channels, height, width]"""
    text: Tensor
    """[n, 33, 384]"""
    wanted: Tensor
    """[n, 5], values of the attributes or -1."""

    @classmethod
    def of(cls, latents: Tensor, text: Tensor, wanted: Tensor) -> "Frames":
        """From [batch, channels, frames, ...], [batch, frames, ...] and [batch, frames, 5]."""
        return cls(latents.transpose(1, 2).flatten(0, 1), text.flatten(0, 1), wanted.flatten(0, 1))

    def some(self, rows: Tensor) -> "Frames":
        return Frames(self.latents[rows], self.text[rows], self.wanted[rows])

    def __len__(self) -> int:
        return len(self.latents)


class Critic(nn.Module):
    """Scores [n, tokens] and a row of logits for each attribute."""

    def __init__(self, channels: int, dim: int, width: int = 128) -> None:
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
        self.join = _conv(wide + dim + 4 * channels, wide, 1)
        self.norm = nn.LayerNorm(dim)
        self.mix = nn.Sequential(nn.SiLU(), _conv(wide, wide), nn.SiLU())
        self.score = _conv(wide, 1, 1)
        self.meant = nn.Linear(TEXT_WIDTH, wide)

    def see(self, frames: Tensor, level: Tensor) -> Tensor:
        plane = level[:, None, None, None].expand(-1, 1, *frames.shape[2:])
        seen: Tensor = self.trunk(torch.cat((frames, plane), dim=1))
        return seen

    def name(self, seen: Tensor) -> dict[str, Tensor]:
        pooled = torch.cat((seen.mean((2, 3)), seen.amax((2, 3))), dim=1)
        return {key: head(pooled).float() for key, head in self.values.items()}

    def judge(self, seen: Tensor, tokens: Tensor, surprise: Tensor, pooled: Tensor) -> Tensor:
        """tokens [n, tokens, dim] of the teacher, and what its own guess would change."""
        rows, columns = seen.shape[2:]
        heard = self.norm(tokens).transpose(1, 2).unflatten(2, (rows, columns))
        told = torch.cat((seen, heard, F.pixel_unshuffle(surprise, 2)), dim=1)
        mixed = self.mix(self.join(told))
        agrees = (mixed * self.meant(pooled)[:, :, None, None]).mean(1, keepdim=True)
        return (self.score(mixed) + agrees).flatten(1).float()


class Adversary:
    """The critic in training. `lesson` teaches it, `reproach` is what the student is told."""

    def __init__(
        self, listen: Listen, channels: int, dim: int, random: torch.Generator,
        *, rate: float = 4e-4,
    ) -> None:  # fmt: skip
        self.listen = listen
        self.random = random
        self.critic = Critic(channels, dim)
        self.optimizer = torch.optim.AdamW(self.critic.parameters(), lr=rate, betas=(0.5, 0.98))

    def lesson(self, made: Frames, rendered: Batch) -> dict[str, float]:
        """One step of the critic; gives its losses: 2 and log(values) where it can tell nothing."""
        drawn = Frames.of(rendered.latents, rendered.text, rendered.shows)
        wrong = torch.roll(drawn.text, 1, 0)
        self.critic.requires_grad_(True)
        real, seen = self._scores(drawn.latents, drawn.text)
        mixed, _ = self._scores(drawn.latents, wrong)
        fake, _ = self._scores(made.latents.detach(), made.text)
        doubt = (1 - real).relu().mean() + (
            (1 + mixed).relu().mean() + (1 + fake).relu().mean()
        ) / 2
        naming = self._naming(seen, drawn.wanted)
        self._step(doubt + naming)
        return {"doubt": float(doubt.detach()), "naming": float(naming.detach())}

    def learn_names(self, rendered: Batch) -> float:
        """A step of the values alone: cheap, since the teacher is not asked."""
        drawn = Frames.of(rendered.latents, rendered.text, rendered.shows)
        noisy, level = self._noisy(drawn.latents)
        with mixed():
            seen = self.critic.see(noisy, level)
        naming = self._naming(seen, drawn.wanted)
        self._step(naming)
        return float(naming.detach())

    def reproach(self, made: Frames) -> tuple[Tensor, Tensor]:
        """Losses of the student: not taken for rendered, and without what its text asks for."""
        self.critic.requires_grad_(False)
        scores, seen = self._scores(made.latents, made.text)
        return -scores.mean(), self._naming(seen, made.wanted)

    def _scores(self, frames: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        noisy, level = self._noisy(frames)
        flow, tokens = self.listen(noisy, level, text)
        surprise = noisy - level[:, None, None, None] * flow - frames
        with mixed():
            seen = self.critic.see(noisy, level)
            return self.critic.judge(seen, tokens, surprise, text[:, -1]), seen

    def _noisy(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        level = torch.rand(len(frames), generator=self.random) * HIGHEST
        noise = torch.randn(frames.shape, generator=self.random)
        return add_noise(frames, noise, level[:, None, None, None]), level

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


def listener(teacher: CausalTransformer) -> Listen:
    """A frozen transformer as the critic's ear: gradients go to the frames only."""
    layer = min(LAYER, teacher.config.layers - 1)

    def listen(frames: Tensor, level: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        alone = frames[:, :, None]
        empty = torch.zeros(())
        sample = Sample(
            x=alone, t=level[:, None] * TIMESTEPS, text=text[:, None], target=alone,
            semantics=empty, weight=empty, layout=FrameLayout.teacher_forced(1),
        )  # fmt: skip
        with mixed():
            flow, hidden = predict(teacher, sample, layer)
        return flow[:, :, 0].float(), hidden[:, 0]

    return listen


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
    size: int = 32
    """Frames judged in a step."""
    _said: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list), init=False)

    def prepare(self, steps: int = 400) -> None:
        """The critic learns the values before anyone listens to it."""
        random = self.adversary.random
        for step in range(steps):
            batch = self.store.draw(2 * self.size, single=True, random=random)
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

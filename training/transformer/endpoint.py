"""Steps folded into the weights: from a noise, the student goes straight where its teacher ends.

Decides which pairs of noise and end are made, and from which states of a frame its end is asked.
An end comes of the teacher's many steps. The student's few Euler steps move along the line from the
noise to what it takes for the end, so it learns on that line (reflow: Liu et al. 2022, arXiv
2209.03003) and where its own first steps have really led it. Points of the teacher's curved way
would teach it nothing it meets: answered with the end, they overshoot contrast by a quarter.

The past of a clip is half the time the student's own stream of minutes, else a worn rendered one.
Ends that do not show what they were asked for count less (see `reader`).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import torch
from torch import Tensor

from scope.models.flow import TIMESTEPS, add_noise
from training.precision import mixed
from training.transformer.data import LatentStore
from training.transformer.objective import Recipe, Sample, importance, noised, predict
from training.transformer.own_streams import CONTEXT_SIGMA, OwnStreams, sigmas_of
from training.transformer.state import Run
from training.transformer.worn import Wear, worn_past

STEPS = 16
JUMPS = (4, 2)
"""Lengths of the lists whose states the student meets most."""
REUSE = 8
"""Batches drawn for each that the teacher ends: that costs as much as several steps of training."""
KEPT = 8192
"""Rows of each kind that are kept: the teacher does not change, so an end stays true."""

Flow = Callable[[Sample], Tensor]
Worth = Callable[[Tensor, Tensor], Tensor]
"""What each of frames [batch, channels, frames, ...] counts for [batch, frames], by what was asked
[batch, frames, 5]."""


@dataclass(slots=True)
class Pairs:
    """Rows [n, ...] of noise and end, with all that the teacher saw."""

    context: Tensor
    context_t: Tensor
    text: Tensor
    noise: Tensor
    """[n, channels, frames, height, width]"""
    end: Tensor
    worth: Tensor
    """[n, frames]"""

    def add(self, more: "Pairs") -> None:
        for part in fields(self):
            rows = torch.cat((getattr(self, part.name), getattr(more, part.name)))
            setattr(self, part.name, rows[-KEPT:])

    def take(self, rows: Tensor) -> "Pairs":
        return Pairs(*(getattr(self, part.name)[rows] for part in fields(self)))


class Endpoint:
    def __init__(
        self, run: Run, teacher: Flow, null: Tensor, shift: float, worth: Worth | None = None
    ) -> None:
        self.run = run
        self.teacher = teacher
        self.student: Flow = average_of(run)
        self.null = null
        self.shift = shift
        self.worth = worth or _all_alike
        self.recipe = Recipe(
            text_dropout=0.0, text_noise=0.0, context_noise=(CONTEXT_SIGMA, CONTEXT_SIGMA, 1.0)
        )
        self._streams = OwnStreams(shift, stride=3)
        self._pairs: dict[bool, Pairs] = {}
        self._draws = {True: 0, False: 0}
        self._layout: dict[bool, Sample] = {}

    def task(self, store: LatentStore, size: int, *, single: bool) -> tuple[Sample, Tensor]:
        """What the student sees, and the flow it should say."""
        if self._draws[single] % REUSE == 0:
            self._drive(store, size, single=single)
        self._draws[single] += 1
        kept, random = self._pairs[single], self.run.random
        pairs = kept.take(torch.randint(len(kept.end), (size,), generator=random))
        x, sigma = self._states(pairs, single=single)
        weight = (1 + importance(_open_sky(pairs.end), pairs.end)) / 2
        weight = weight * (pairs.worth / pairs.worth.mean())[..., None, None]
        return self._seen(pairs, x, sigma, weight, single=single), (x - pairs.end) / _wide(sigma)

    def _states(self, pairs: Pairs, *, single: bool) -> tuple[Tensor, Tensor]:
        """A state of every frame and its level [n, frames]: two fifths pure noise, the rest on the
        line to the end or where the student's own steps lead."""
        random, (size, frames) = self.run.random, pairs.end.shape[::2][:2]
        sigma = torch.tensor(sigmas_of(STEPS, self.shift))
        sigma = sigma[torch.randint(STEPS, (size, frames), generator=random)]
        kind = torch.rand(size, generator=random)
        sigma[kind < 0.4] = 1.0
        x = add_noise(pairs.end, pairs.noise, _wide(sigma))
        own = (kind > 0.7).nonzero()[:, 0]
        if len(own):
            x[own], sigma[own] = self._own_states(pairs.take(own), single=single)
        return x, sigma

    @torch.no_grad()
    def _own_states(self, pairs: Pairs, *, single: bool) -> tuple[Tensor, Tensor]:
        """Where the student's average is after one or more of its own steps."""
        size, frames = len(pairs.end), pairs.end.shape[2]
        states, levels = list[Tensor](), list[float]()
        first: Tensor | None = None
        for jumps in JUMPS:
            x = pairs.noise
            for sigma, lower in pairwise(sigmas_of(jumps, self.shift)[:-1]):
                if sigma == 1.0 and first is not None:
                    flow = first
                else:
                    level = torch.full((size, frames), sigma)
                    flow = self.student(self._seen(pairs, x, level, x, single=single))
                first = flow if first is None else first
                x = x + (lower - sigma) * flow
                states.append(x)
                levels.append(lower)
        which = torch.randint(len(states), (size, frames), generator=self.run.random)
        rows, columns = torch.arange(size)[:, None], torch.arange(frames)[None]
        x = torch.stack(states, dim=1).transpose(2, 3)[rows, which, columns].transpose(1, 2)
        return x, torch.tensor(levels)[which]

    def _seen(
        self, pairs: Pairs, x: Tensor, sigma: Tensor, weight: Tensor, *, single: bool
    ) -> Sample:
        """Frames x at sigma after their past."""
        return replace(
            self._layout[single],
            x=torch.cat((pairs.context, x), dim=2),
            t=torch.cat((pairs.context_t, sigma * TIMESTEPS), dim=1),
            text=pairs.text,
            target=x,
            weight=weight,
        )

    @torch.no_grad()
    def _drive(self, store: LatentStore, size: int, *, single: bool) -> None:
        """The teacher goes its way from new noise."""
        random, past = self.run.random, None
        if not single and self._draws[single] // REUSE % 2 == 0:
            batch = self._streams.next(self.run.ema, store, size, random)
        else:
            batch = store.draw(size, single=single, random=random)
            if not single:
                past = worn_past(self.run.ema, batch, self.recipe, Wear(), self.null, random)
        frames = batch.latents.shape[2]
        sigma = torch.ones(size, frames)
        sample = noised(batch, self.recipe, self.null, random, sigma=sigma, past=past)
        self._layout[single] = sample
        noise = sample.x[:, :, -frames:]
        context, context_t = sample.x[:, :, :-frames], sample.t[:, :-frames]
        pairs = Pairs(context, context_t, sample.text, noise, noise, torch.ones(size, frames))
        x = noise
        for level, lower in pairwise(sigmas_of(STEPS, self.shift)):
            seen = self._seen(pairs, x, torch.full((size, frames), level), x, single=single)
            x = x + (lower - level) * self.teacher(seen)
        pairs.end, pairs.worth = x, self.worth(x, batch.shows)
        if single in self._pairs:
            self._pairs[single].add(pairs)
        else:
            self._pairs[single] = pairs


def _all_alike(ends: Tensor, shows: Tensor) -> Tensor:
    return torch.ones(shows.shape[:2])


def average_of(run: Run) -> Flow:
    """The flow of a run's average."""

    def flow(sample: Sample) -> Tensor:
        with mixed():
            return predict(run.ema, sample, 0)[0].float()

    return flow


def _open_sky(latents: Tensor) -> Tensor:
    """Nobody knows what a made frame shows: whatever stands out of its row counts more."""
    size, _, frames, height, width = latents.shape
    semantics = torch.zeros(size, frames, height * width // 4, 10)
    semantics[..., 0] = 1.0
    return semantics


def _wide(sigma: Tensor) -> Tensor:
    return sigma[:, None, :, None, None]

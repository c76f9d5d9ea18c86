"""Steps folded into the weights: from any level, the student points at where the teacher ends.

Decides which of the teacher's ways are asked for, at which levels and after which past. A way
starts at pure noise and takes the teacher's many steps; the few jumps of the student then reach its
end, where the teacher's own would reach the mean of all ends. The past is the student's own stream.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor

from scope.models.flow import TIMESTEPS
from training.transformer.data import Batch, LatentStore
from training.transformer.model import CLIP_FRAMES
from training.transformer.objective import Recipe, Sample, importance, noised
from training.transformer.own_streams import CONTEXT_SIGMA, OwnStreams, sigmas_of
from training.transformer.state import Run

STEPS = 16
SHIPPED = (0, 4, 8, 12)
"""The levels of the list of four steps, of two at 0 and 8, among the teacher's."""
USES = 4
"""How often a way is used: making it costs as much as several steps of training."""

Flow = Callable[[Sample], Tensor]


@dataclass(slots=True)
class Ways:
    """What the teacher passed through, for a batch."""

    sample: Sample
    states: Tensor
    """[STEPS, batch, channels, frames, height, width] at falling noise levels."""
    end: Tensor
    weight: Tensor
    uses: int = 0


class Endpoint:
    def __init__(self, run: Run, teacher: Flow, null: Tensor, shift: float) -> None:
        self.run = run
        self.teacher = teacher
        self.null = null
        self.levels = torch.tensor(sigmas_of(STEPS, shift))
        self.recipe = Recipe(text_dropout=0.0, context_noise=(CONTEXT_SIGMA, CONTEXT_SIGMA, 1.0))
        self._streams = OwnStreams(shift)
        self._ways: dict[bool, Ways] = {}

    def task(self, store: LatentStore, size: int, *, single: bool) -> tuple[Sample, Tensor]:
        """What the student sees, and the flow it should say."""
        ways = self._ways.get(single)
        if ways is None or ways.uses == USES:
            ways = self._ways[single] = self._drive(store, size, single=single)
        ways.uses += 1
        frames = ways.end.shape[2]
        index = self._draw((size, frames))
        sigma = self.levels[index]
        which = torch.arange(size)[:, None], index, torch.arange(frames)[None]
        # [batch, STEPS, frames, ...] so that every frame has a level of its own.
        x = ways.states.permute(1, 0, 3, 2, 4, 5)[which].transpose(1, 2)
        sample = ways.sample
        seen = replace(
            sample,
            x=torch.cat((sample.x[:, :, :-frames], x), dim=2),
            t=torch.cat((sample.t[:, :-frames], sigma * TIMESTEPS), dim=1),
            weight=ways.weight,
        )
        return seen, (x - ways.end) / sigma[:, None, :, None, None]

    def _draw(self, shape: tuple[int, int]) -> Tensor:
        """Mostly the levels that ships' lists name."""
        random = self.run.random
        anything = torch.randint(STEPS, shape, generator=random)
        shipped = torch.tensor(SHIPPED)[torch.randint(len(SHIPPED), shape, generator=random)]
        return torch.where(torch.rand(shape, generator=random) < 0.6, shipped, anything)

    @torch.no_grad()
    def _drive(self, store: LatentStore, size: int, *, single: bool) -> Ways:
        random = self.run.random
        if single:
            batch = store.draw(size, single=True, random=random)
        else:
            latents, text = self._streams.next(self.run.ema, store, size, random)
            batch = Batch(latents, text, torch.zeros(size, CLIP_FRAMES, 60, 10))
        frames = batch.latents.shape[2]
        sample = noised(batch, self.recipe, self.null, random, sigma=torch.ones(size, frames))
        x, states = sample.x[:, :, -frames:], list[Tensor]()
        for sigma, lower in pairwise(self.levels.tolist()):
            states.append(x)
            t = torch.full((size, frames), sigma * TIMESTEPS)
            seen = replace(
                sample,
                x=torch.cat((sample.x[:, :, :-frames], x), dim=2),
                t=torch.cat((sample.t[:, :-frames], t), dim=1),
            )
            x = x + (lower - sigma) * self.teacher(seen)
        # Nobody knows what is sky in these: whatever stands out of its row counts more.
        open_sky = torch.zeros_like(batch.targets)
        open_sky[..., 0] = 1.0
        return Ways(sample, torch.stack(states), x, importance(open_sky, x))

"""Streams of a student's own: what it will see when it continues itself.

Decides how frames come about in them: a few Euler steps without guidance, and a little noise on
the past that the model is told of. The shipped pipeline also holds its looks, keeps a sink and lets
go of the past when words change; here nothing does, so that the weights learn to do without. It
does not know losses.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import torch
from torch import Tensor

from scope.models.causal import CausalTransformer
from scope.models.flow import TIMESTEPS, add_noise, shift_sigma
from scope.models.kv_cache import KvCache
from training.transformer.data import Batch, LatentStore
from training.transformer.model import CLIP_FRAMES, LATENT_GRID
from training.transformer.objective import text_inputs

WINDOW = 5
CONTEXT_SIGMA = 0.12
"""Noise on what a stream remembers, as it ships."""
LONGEST = 40
"""Calls after which streams begin anew."""


def sigmas_of(steps: int, shift: float) -> tuple[float, ...]:
    """Noise levels of a list of evenly spaced steps, down to zero."""
    return (*(shift_sigma(1 - step / steps, shift) for step in range(steps)), 0.0)


@dataclass(slots=True)
class OwnStreams:
    """A batch of streams, continued by the frames of some clips with every call."""

    shift: float
    steps: tuple[int, ...] = (4, 4, 2)
    """Drawn from for every call."""
    switch: float = 0.2
    """Chance of another prompt in a clip for the last stream of the batch; the first keeps its
    own for life, the others lie between: what minutes of one prompt do has to be seen too."""
    stride: int = 1
    """Clips in a call, of which the last is given."""
    _cache: KvCache | None = field(default=None, init=False)
    _asked: Batch | None = field(default=None, init=False)
    """The last frame's words, and what they mean."""
    _calls: int = field(default=0, init=False)

    @torch.no_grad()
    def next(
        self, model: CausalTransformer, store: LatentStore, size: int, random: torch.Generator
    ) -> Batch:
        """The next frames with what was asked of them; nobody knows what their tokens show."""
        if self._cache is None or self._calls >= LONGEST:
            grid = (LATENT_GRID[0] // 2, LATENT_GRID[1] // 2)
            self._cache = model.empty_cache(grid, frames=WINDOW, batch=size)
            self._asked, self._calls = None, 0
        self._calls += 1
        for _ in range(self.stride - 1):
            self._clip(model, store, size, random)
        return self._clip(model, store, size, random)

    def _clip(
        self, model: CausalTransformer, store: LatentStore, size: int, random: torch.Generator
    ) -> Batch:
        assert self._cache is not None
        asked = self._ask(store, size, random)
        levels = sigmas_of(self.steps[int(_draw(random) * len(self.steps))], self.shift)
        made = [
            _frame(model, asked.text[:, frame : frame + 1], self._cache, levels, random)
            for frame in range(CLIP_FRAMES)
        ]
        return replace(asked, latents=torch.cat(made, dim=2))

    def _ask(self, store: LatentStore, size: int, random: torch.Generator) -> Batch:
        """What each frame is asked for. A switch comes anywhere in a clip: what the past still
        shows has to be painted over as well as begun with.
        """
        new = store.draw(size, single=True, random=random)
        old = self._asked or new
        frame = torch.randint(CLIP_FRAMES, (size,), generator=random)
        restless = torch.linspace(0, self.switch, size)
        frame[torch.rand(size, generator=random) >= restless] = CLIP_FRAMES
        later = torch.arange(CLIP_FRAMES) >= frame[:, None]
        asked = replace(
            new,
            text=torch.where(later[..., None, None], new.text, old.text),
            targets=torch.zeros(size, CLIP_FRAMES, *new.targets.shape[2:]),
            shows=torch.where(later[..., None], new.shows, old.shows),
        )
        self._asked = replace(asked, text=asked.text[:, -1:], shows=asked.shows[:, -1:])
        return asked


def _frame(
    model: CausalTransformer,
    text: Tensor,
    cache: KvCache,
    levels: tuple[float, ...],
    random: torch.Generator,
) -> Tensor:
    """One more latent frame of each stream, [batch, channels, 1, height, width], and its memory."""
    kv, pooled = text_inputs(model, text)
    plan, shape = cache.begin_block(1), (len(text), model.config.in_channels, 1, *LATENT_GRID)

    def flow(x: Tensor, sigma: float) -> Tensor:
        t = torch.full((len(text), 1), TIMESTEPS * sigma)
        return model.stream(x, t, kv, cache=cache, plan=plan, pooled=pooled)

    x = torch.randn(shape, generator=random)
    for sigma, lower in pairwise(levels):
        x = x + (lower - sigma) * flow(x, sigma)
    flow(add_noise(x, torch.randn(shape, generator=random), CONTEXT_SIGMA), CONTEXT_SIGMA)
    return x


def _draw(random: torch.Generator) -> float:
    return float(torch.rand(1, generator=random))

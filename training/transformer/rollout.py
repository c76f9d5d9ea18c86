"""Streams made by the torch model, with guidance: to look at weights before they are distilled.

Decides nothing that ships: the pipeline's own sampler is numpy. Here several prompts run as one
batch, each prompt beside its unguided twin.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from scope.models.causal import CausalTransformer
from training.transformer.model import LATENT_GRID
from training.transformer.objective import text_inputs


@dataclass(frozen=True, slots=True)
class Sampling:
    steps: int = 8
    shift: float = 2.5
    guidance_first: float = 3.0
    guidance: float = 2.0
    window: int = 5
    sink: int = 0
    context_t: float = 0.0

    def sigmas(self) -> list[float]:
        nominal = [1 - step / self.steps for step in range(self.steps)]
        return [self.shift * s / (1 + (self.shift - 1) * s) for s in nominal] + [0.0]


@torch.no_grad()
def roll_out(
    model: CausalTransformer, text: Tensor, null: Tensor, frames: int, how: Sampling, seed: int = 0
) -> Tensor:
    """Latents [prompts, frames, channels, height, width] for text [prompts, frames, 33, 384]."""
    random = torch.Generator().manual_seed(seed)
    count, channels = text.shape[0], model.config.in_channels
    grid = (LATENT_GRID[0] // 2, LATENT_GRID[1] // 2)
    cache = model.empty_cache(grid, frames=how.window, sink=how.sink, batch=2 * count)
    made = []
    for frame in range(frames):
        both = torch.cat((text[:, frame : frame + 1], null.expand(count, 1, *null.shape)))
        kv, pooled = text_inputs(model, both)
        plan = cache.begin_block(1)
        scale = how.guidance if frame else how.guidance_first
        x = torch.randn((count, channels, 1, *LATENT_GRID), generator=random)
        sigmas = how.sigmas()
        for sigma, lower in pairwise(sigmas):
            t = torch.full((2 * count, 1), 1000 * sigma)
            flow = model.stream(
                x.repeat(2, 1, 1, 1, 1), t, kv, cache=cache, plan=plan, pooled=pooled
            )
            wanted, plain = flow.chunk(2)
            x = x + (lower - sigma) * (plain + scale * (wanted - plain))
        t = torch.full((2 * count, 1), how.context_t)
        model.stream(x.repeat(2, 1, 1, 1, 1), t, kv, cache=cache, plan=plan, pooled=pooled)
        made.append(x[:, :, 0])
    return torch.stack(made, dim=1)

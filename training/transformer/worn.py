"""Pasts as streams wear them: what a model's own errors do to the frames it continues.

Decides what a rendered past is replaced by. The frames to be made stay as rendered, so whatever a
past has lost or gained, the next frame is natural: a stream is drawn back to what its words mean
instead of going on where it drifts. Errors are gathered on known clips, as in error recycling (Li
et al. 2025, arXiv 2510.09212), and not in streams, because there nobody knows the next true frame.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scope.models.causal import CausalTransformer
from training.precision import mixed
from training.transformer.data import Batch
from training.transformer.objective import Recipe, noised, predict


@dataclass(frozen=True, slots=True)
class Wear:
    share: float = 0.6
    """Of clips whose past is the model's guess of it, guessed again in every round."""
    rounds: int = 3
    """At most: each guess continues the guesses of the round before."""
    sigma: tuple[float, float] = (0.2, 0.9)
    """Noise levels from which a guess is made in one step."""
    tinted: float = 0.5
    """Share of clips whose past has another contrast, other detail and other colours."""
    gain: float = 0.15
    """Deviation of contrast and of detail from what they were, as a share."""
    shift: float = 0.08
    """Deviation of the mean of each channel, whose own deviation is 1."""


def worn_past(
    model: CausalTransformer,
    batch: Batch,
    recipe: Recipe,
    wear: Wear,
    null: Tensor,
    random: torch.Generator,
) -> Tensor:
    """The past of a batch [batch, channels, frames - 1, height, width], worn in some clips."""
    past = batch.latents[:, :, :-1].clone()
    swap = torch.rand(len(past), generator=random) < wear.share
    if swap.any():
        past[swap] = _guessed(model, batch.some(swap), recipe, wear, null, random)
    tint = torch.rand(len(past), generator=random) < wear.tinted
    past[tint] = tinted(past[tint], wear, random)
    return past


@torch.no_grad()
def _guessed(
    model: CausalTransformer,
    clips: Batch,
    recipe: Recipe,
    wear: Wear,
    null: Tensor,
    random: torch.Generator,
) -> Tensor:
    size, frames = clips.latents.shape[0], clips.latents.shape[2]
    low, high = wear.sigma
    past = clips.latents[:, :, :-1]
    for _ in range(int(torch.randint(1, wear.rounds + 1, (1,), generator=random))):
        sigma = low + (high - low) * torch.rand((size, frames), generator=random)
        sample = noised(clips, recipe, null, random, sigma=sigma, past=past)
        with mixed():
            flow, _ = predict(model, sample, 0)
        guess = sample.x[:, :, -frames:] - sigma[:, None, :, None, None] * flow.float()
        past = guess[:, :, :-1]
    return past


def tinted(past: Tensor, wear: Wear, random: torch.Generator) -> Tensor:
    """Frames [batch, channels, frames, height, width] with another look, one for each clip."""
    size, channels = past.shape[:2]

    def draw(count: int) -> Tensor:
        return torch.randn((size, count, 1, 1, 1), generator=random)

    mean = past.mean((-2, -1), keepdim=True)
    local = F.avg_pool2d(past.flatten(1, 2), 3, 1, 1, count_include_pad=False).view_as(past)
    detail, contrast = wear.gain * draw(1), wear.gain * draw(1)
    return (
        mean
        + wear.shift * draw(channels)
        + (1 + contrast) * (local - mean)
        + (1 + detail) * (past - local)
    )

"""What the codec is asked to get right, and how well it did.

Decides the weighting: small bright things (stars, windows, rain, birds) are few pixels, so plain
L1 would let them blur away.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Weights:
    detail: float = 4.0
    gradient: float = 1.0
    motion: float = 0.3
    squared: float = 2.0
    spread: float = 0.02


def reconstruction(made: Tensor, wanted: Tensor, rare: Tensor, weights: Weights) -> Tensor:
    """Loss of pictures [B, P, 3, H, W], consecutive along P, across chunk borders too.

    `rare` is the `rarity` of the wanted pictures.
    """
    difference = made - wanted
    error = difference.flatten(0, 1)
    importance = 1 + weights.detail * rare
    total = ((error.abs() + weights.squared * error.square()) * importance).mean()
    across = (error[..., 1:] - error[..., :-1]).abs().mean()
    down = (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    total = total + weights.gradient * (across + down)
    return total + weights.motion * (difference[:, 1:] - difference[:, :-1]).abs().mean()


@torch.no_grad()
def rarity(pictures: Tensor) -> Tensor:
    """0…1, [B, 1, H, W]: how much a pixel differs from its neighbourhood of 9 × 9."""
    rows = functional.avg_pool2d(pictures, (9, 1), 1, (4, 0), count_include_pad=False)
    around = functional.avg_pool2d(rows, (1, 9), 1, (0, 4), count_include_pad=False)
    return ((pictures - around).abs().amax(dim=1, keepdim=True) * 4).clamp(max=1)


def spread(latent: Tensor) -> Tensor:
    """How far latents are from mean 0 and deviation 1, per channel over the batch."""
    mean = latent.mean(dim=(0, 2, 3))
    deviation = latent.std(dim=(0, 2, 3)) + 1e-4
    return (mean.square() + deviation.log().square()).mean()


def psnr(made: Tensor, wanted: Tensor) -> Tensor:
    """Per clip, in dB; the leading axis is kept."""
    error = (made - wanted).square().flatten(1).mean(dim=1)
    return -10 * torch.log10(error.clamp(min=1e-8))


def ssim(made: Tensor, wanted: Tensor) -> Tensor:
    """Mean structural similarity of the luma with an 11-pixel Gaussian window, per clip."""
    offsets = torch.arange(11) - 5.0
    line = torch.exp(-(offsets**2) / (2 * 1.5**2))
    window = (line[:, None] * line[None]) / line.sum() ** 2
    luma = torch.tensor([0.299, 0.587, 0.114]).view(1, 1, 3, 1, 1)

    def smooth(plane: Tensor) -> Tensor:
        return functional.conv2d(plane, window[None, None])

    a, b = ((clip * luma).sum(2).flatten(0, 1)[:, None] for clip in (made, wanted))
    mean_a, mean_b = smooth(a), smooth(b)
    var_a, var_b = smooth(a * a) - mean_a**2, smooth(b * b) - mean_b**2
    both = smooth(a * b) - mean_a * mean_b
    score = ((2 * mean_a * mean_b + 1e-4) * (2 * both + 9e-4)) / (
        (mean_a**2 + mean_b**2 + 1e-4) * (var_a + var_b + 9e-4)
    )
    return score.flatten(1).mean(dim=1).unflatten(0, made.shape[:2]).mean(dim=1)


def gradient_energy(clip: Tensor) -> Tensor:
    """Sum of squared differences between neighbours, per clip."""
    across = (clip[..., 1:] - clip[..., :-1]).square().flatten(1).mean(dim=1)
    down = (clip[..., 1:, :] - clip[..., :-1, :]).square().flatten(1).mean(dim=1)
    return across + down

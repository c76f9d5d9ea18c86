"""What the codec is asked to get right, and how well it did.

Decides the weighting: small bright things (stars, windows, rain, birds) are few pixels, so plain
L1 would let them blur away.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.codec.model import PICTURES


@dataclass(frozen=True, slots=True)
class Weights:
    detail: float = 4.0
    gradient: float = 1.0
    texture: float = 0.7
    motion: float = 0.3
    seam: float = 1.2
    squared: float = 2.0
    structure: float = 0.0
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
    total = total + weights.texture * _texture_gap(made.flatten(0, 1), wanted.flatten(0, 1))
    if weights.structure > 0:
        total = total + weights.structure * _structure_gap(made.flatten(0, 1), wanted.flatten(0, 1))
    change = (difference[:, 1:] - difference[:, :-1]).abs().mean(dim=(0, 2, 3, 4))
    borders = change[PICTURES - 1 :: PICTURES]
    return total + weights.motion * change.mean() + weights.seam * borders.mean()


def _texture_gap(made: Tensor, wanted: Tensor) -> Tensor:
    """Missing or surplus fine detail in cells of 8 × 8, wherever in the cell it lies.

    Where detail can't be placed exactly, L1 prefers none; this asks for the right amount of it.
    """

    def energy(pictures: Tensor, axis: int) -> Tensor:
        steps = pictures.diff(dim=axis)
        return (functional.avg_pool2d(steps.square(), 8, ceil_mode=True) + 1e-5).sqrt()

    gaps = [(energy(made, axis) - energy(wanted, axis)).abs().mean() for axis in (2, 3)]
    return gaps[0] + gaps[1]


def _structure_gap(made: Tensor, wanted: Tensor) -> Tensor:
    """1 - structural similarity of the luma in boxes of 7 × 7, every second one."""
    luma = made.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    a, b = ((pictures * luma).sum(1, keepdim=True) for pictures in (made, wanted))

    def smooth(plane: Tensor) -> Tensor:
        return functional.avg_pool2d(plane, 7, 2)

    mean_a, mean_b = smooth(a), smooth(b)
    var_a, var_b = smooth(a * a) - mean_a.square(), smooth(b * b) - mean_b.square()
    both = smooth(a * b) - mean_a * mean_b
    return 1 - _similarity(mean_a, mean_b, var_a, var_b, both).mean()


def _similarity(
    mean_a: Tensor, mean_b: Tensor, var_a: Tensor, var_b: Tensor, both: Tensor
) -> Tensor:
    """Wang et al. 2004, equation 13, for values in 0…1."""
    means = (2 * mean_a * mean_b + 1e-4) / (mean_a.square() + mean_b.square() + 1e-4)
    return means * (2 * both + 9e-4) / (var_a + var_b + 9e-4)


@torch.no_grad()
def sharpened(clip: Tensor, strength: float) -> Tensor:
    """Pictures with what a blur (Gaussian, deviation 1 pixel) would take off added again."""
    line = torch.exp(-((torch.arange(7) - 3.0) ** 2) / 2)
    window = (line / line.sum()).expand(3, 1, 1, 7)
    flat = functional.pad(clip.flatten(0, 1), (3, 3, 3, 3), mode="replicate")
    rows = functional.conv2d(flat, window, groups=3)
    blurred = functional.conv2d(rows, window.transpose(2, 3), groups=3)
    return clip + strength * (clip - blurred.view_as(clip))


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
    score = _similarity(mean_a, mean_b, var_a, var_b, both)
    return score.flatten(1).mean(dim=1).unflatten(0, made.shape[:2]).mean(dim=1)


def gradient_energy(clip: Tensor) -> Tensor:
    """Sum of squared differences between neighbours, per clip."""
    across = (clip[..., 1:] - clip[..., :-1]).square().flatten(1).mean(dim=1)
    down = (clip[..., 1:, :] - clip[..., :-1, :]).square().flatten(1).mean(dim=1)
    return across + down

"""The sizes of a causal transformer, and which frames of a sequence see which.

Decides nothing about weights: these are values.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class CausalConfig:
    dim: int
    heads: int
    layers: int
    ffn: int
    text_dim: int = 4096
    freq_dim: int = 256
    in_channels: int = 16
    out_channels: int = 16
    patch: tuple[int, int, int] = (1, 2, 2)
    eps: float = 1e-6
    pooled_dim: int = 0
    """Width of a pooled text vector added to the time embedding; 0 for models without one."""

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads


WAN_1_3B = CausalConfig(dim=1536, heads=12, layers=30, ffn=8960)
WAN_14B = CausalConfig(dim=5120, heads=40, layers=40, ffn=13824)


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """Which frame of a sequence sees which, and where each stands in time."""

    positions: tuple[int, ...]
    visible: Tensor
    """[frames, frames], true where the row's frame sees the column's."""

    @classmethod
    def block_causal(cls, frames: int, block: int = 1) -> "FrameLayout":
        blocks = torch.arange(frames) // block
        return cls(tuple(range(frames)), blocks[:, None] >= blocks[None, :])

    @classmethod
    def teacher_forced(cls, frames: int) -> "FrameLayout":
        """Clean frames 0..n-2, then noisy frames 0..n-1 that see themselves and the clean past."""
        clean = torch.arange(frames - 1)
        noisy = torch.arange(frames)
        top = torch.cat((clean[:, None] >= clean, torch.zeros(frames - 1, frames).bool()), 1)
        bottom = torch.cat((noisy[:, None] > clean, torch.eye(frames).bool()), 1)
        positions = (*range(frames - 1), *range(frames))
        return cls(positions, torch.cat((top, bottom)))

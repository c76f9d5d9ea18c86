"""What a noise level does to every layer, worked out once for a step list.

Decides the layout: shift, scale (the one added) and gate of self-attention, then of the
feed-forward, for every layer; shift and scale of the head. It does not know how an embedding of
time is made.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

SCALES = (1, 4)


@dataclass(frozen=True, slots=True)
class Modulation:
    """For frames that have levels of their own, or one for all (batch and frames of 1)."""

    layers: Tensor
    """[layers, 6, batch, frames, 1, dim]"""
    head: Tensor
    """[2, batch, frames, 1, dim]"""

    @classmethod
    def of(cls, tables: Tensor, head: Tensor, e: Tensor, e0: Tensor) -> "Modulation":
        """tables [layers, 6, dim] and head [2, dim] are weights; e [batch, frames, dim] is the
        time embedding and e0 [batch, frames, 6, dim] its projection."""
        layers = tables[:, :, None, None] + e0.permute(2, 0, 1, 3)
        ones = torch.zeros(6, 1, 1, 1, dtype=layers.dtype, device=layers.device)
        ones[list(SCALES)] = 1.0
        last = head[:, None, None] + e
        return cls((layers + ones)[..., None, :], (last + ones[:2])[..., None, :])

    def rows(self, layer: int) -> tuple[Tensor, ...]:
        return self.layers[layer].unbind(0)


def modulated(x: Tensor, shift: Tensor, scale: Tensor, eps: float) -> Tensor:
    """Normalised over the last dimension, scaled and shifted; of the type of x."""
    width = x.shape[-1:]
    if scale.numel() == x.shape[-1] and scale.dtype == x.dtype:
        # One level for everything: the same numbers in a single kernel.
        return F.layer_norm(x, width, scale.reshape(-1), shift.reshape(-1), eps)
    return (F.layer_norm(x, width, eps=eps) * scale + shift).to(x.dtype)


def gated(x: Tensor, branch: Tensor, gate: Tensor) -> Tensor:
    if x.dtype == branch.dtype == gate.dtype:
        return torch.addcmul(x, gate, branch)
    return (x + gate * branch).to(x.dtype)

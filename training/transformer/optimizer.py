"""Muon for the matrices of the blocks, AdamW for everything else. Decides the split."""

import torch
from torch import nn

from training.muon import Muon


def optimisers(
    model: nn.Module, extra: nn.Module | None = None, *, scale: float = 1.0
) -> tuple[Muon, torch.optim.AdamW]:
    """Muon for 2-D weights inside blocks, AdamW for the rest and for `extra`."""
    matrices, rest = [], list(extra.parameters()) if extra else []
    for name, parameter in model.named_parameters():
        inside = name.startswith("blocks.") and parameter.ndim == 2
        (matrices if inside else rest).append(parameter)
    adam = torch.optim.AdamW(rest, lr=1e-3 * scale, betas=(0.9, 0.98), weight_decay=0.01)
    return Muon(matrices, lr=0.02 * scale), adam

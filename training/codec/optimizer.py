"""Muon for convolution kernels, AdamW for everything else. Decides the split of parameters."""

from __future__ import annotations

import torch
from torch import nn

from training.muon import Muon


def optimizers(model: nn.Module, *, muon_lr: float, adam_lr: float) -> list[torch.optim.Optimizer]:
    """Kernels of inner layers go to Muon; the first and last layers and biases to AdamW."""
    kernels, others = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        inner = parameter.ndim == 4 and min(parameter.shape[:2]) >= 32 and muon_lr > 0
        (kernels if inner else others).append((name, parameter))
    adam = torch.optim.AdamW(
        [parameter for _, parameter in others], lr=adam_lr, betas=(0.9, 0.98), weight_decay=0.0
    )
    if not kernels:
        return [adam]
    moved = [parameter for _, parameter in kernels]
    return [Muon(moved, muon_lr, weight_decay=0.0), adam]

"""Muon for convolution kernels, AdamW for everything else.

Muon replaces a kernel's momentum by the nearest orthogonal matrix, so every direction of a layer
learns at the same pace. Decides the split of parameters and the step; knows no losses.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """Newton–Schulz iteration towards the orthogonal factor, in bfloat16."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """For parameters of two or more dimensions; the first is the output."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, lr: float, momentum: float) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum: Tensor = state["momentum"]
                momentum.lerp_(parameter.grad, 1 - group["momentum"])
                ahead = parameter.grad.lerp(momentum, group["momentum"])
                matrix = ahead.reshape(ahead.shape[0], -1)
                scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
                update = orthogonalise(matrix).reshape(parameter.shape)
                parameter.add_(update, alpha=-group["lr"] * scale)


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
    return [Muon([parameter for _, parameter in kernels], lr=muon_lr, momentum=0.95), adam]

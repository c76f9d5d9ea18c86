"""Muon for the matrices of the blocks, AdamW for everything else.

Muon moves a matrix along the nearest orthogonal matrix to its momentum, found by a few
Newton-Schulz iterations; matrices of one shape are orthogonalised together.
"""

from collections import defaultdict
from typing import Any

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(batch: Tensor, steps: int = 5) -> Tensor:
    """Push the singular values of [n, rows, columns] towards 1, in bfloat16."""
    a, b, c = COEFFICIENTS
    x = batch.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    def __init__(
        self, params: list[nn.Parameter], lr: float = 0.02, momentum: float = 0.95
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": 0.01})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[tuple[nn.Parameter, Tensor]]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                update = parameter.grad.lerp(momentum, group["momentum"])
                shapes[tuple(parameter.shape)].append((parameter, update))
            for shape, members in shapes.items():
                moved = orthogonalise(torch.stack([update for _, update in members]))
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                for (parameter, _), update in zip(members, moved, strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-group["lr"] * scale)


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

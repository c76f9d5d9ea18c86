"""A trained transformer for latents with more channels: it says the same of those it knew.

    python -m training.transformer.train --grow training/runs/shipped/transformer/last.pt

Decides how weights correspond. What is new counts for nothing on the way in and is zero on the way
out until it has been learned; optimisers begin anew.
"""

from pathlib import Path

import torch
from torch import Tensor

from training.transformer.model import Sizes, start
from training.transformer.state import Run, load_ema


@torch.no_grad()
def grown(checkpoint: Path, channels: int) -> Run:
    """A new run from the averaged weights of a checkpoint."""
    sizes = torch.load(checkpoint, weights_only=True)["sizes"]
    old = load_ema(checkpoint)
    run = Run.fresh(Sizes(**{**sizes, "channels": channels}))
    had = old.config.in_channels
    state = {name: tensor.clone() for name, tensor in old.state_dict().items()}
    into = start(run.sizes).state_dict()["patch_embedding.weight"].zero_()
    into[:, :had] = state["patch_embedding.weight"]
    state["patch_embedding.weight"] = into
    for leaf in ("weight", "bias"):
        state[f"head.head.{leaf}"] = _rows(state[f"head.head.{leaf}"], had, channels)
    run.model.load_state_dict(state)
    run.ema.load_state_dict(state)
    return run


def _rows(tensor: Tensor, had: int, channels: int) -> Tensor:
    """Rows of the head go cell by cell, each with all channels."""
    cells = tensor.unflatten(0, (-1, had))
    out = cells.new_zeros(cells.shape[0], channels, *cells.shape[2:])
    out[:, :had] = cells
    return out.flatten(0, 1)

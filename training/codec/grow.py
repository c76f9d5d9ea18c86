"""A trained codec with more blocks than it had: it says the same at first, and can learn more.

Decides how layers of two shapes correspond. Blocks that are new add nothing until they learn.
"""

from __future__ import annotations

import torch
from torch import nn

from training.codec.model import Block, Codec, CodecShape


def grown(small: Codec, shape: CodecShape) -> Codec:
    """`small` inside a codec of `shape`. Raises ValueError for fewer blocks or other widths."""
    large = Codec(shape)
    if (small.shape.latent, small.shape.widths) != (shape.latent, shape.widths):
        raise ValueError("only the number of blocks can grow")
    for name in ("encoder", "decoder"):
        _fill(_runs(getattr(large, name).layers), _runs(getattr(small, name).layers))
    large.latent_mean.copy_(small.latent_mean)
    large.latent_std.copy_(small.latent_std)
    return large.to(memory_format=torch.channels_last)


def _runs(layers: nn.Sequential) -> list[list[nn.Module]]:
    """Blocks that follow one another belong together; every other layer stands alone."""
    runs: list[list[nn.Module]] = []
    for layer in layers:
        if runs and isinstance(layer, Block) and isinstance(runs[-1][0], Block):
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return runs


def _fill(large: list[list[nn.Module]], small: list[list[nn.Module]]) -> None:
    for into, source in zip(large, small, strict=True):
        if len(into) < len(source):
            raise ValueError("a codec can't lose blocks by growing")
        for layer, learned in zip(into, source, strict=False):
            layer.load_state_dict(learned.state_dict())
        for layer in into[len(source) :]:
            assert isinstance(layer, Block)
            nn.init.zeros_(layer.second.weight)
            nn.init.zeros_(layer.second.bias)

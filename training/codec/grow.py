"""A trained codec with more blocks, channels or memory: it says the same at first, and learns more.

Decides how layers of two shapes correspond. Blocks that are new add nothing until they learn, and
the decoder does not listen to new channels, nor to a memory of pictures, until it has learned to.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.codec.model import Block, Codec, CodecShape


def grown(small: Codec, shape: CodecShape) -> Codec:
    """`small` inside a codec of `shape`. Raises ValueError for a smaller one or other widths."""
    if small.shape.widths != shape.widths or small.shape.latent > shape.latent:
        raise ValueError("only the number of blocks and of latent channels can grow")
    if small.shape.picture_memory and not shape.picture_memory:
        raise ValueError("a codec can't lose its memory of pictures by growing")
    large = Codec(shape)
    for name in ("encoder", "decoder"):
        _fill(_runs(getattr(large, name).layers), _runs(getattr(small, name).layers))
    if small.shape.picture_memory:
        large.decoder.recalls.load_state_dict(small.decoder.recalls.state_dict())
    old = small.shape.latent
    large.latent_mean[:, :old] = small.latent_mean
    large.latent_std[:, :old] = small.latent_std
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
            kept, given = layer.state_dict(), learned.state_dict()
            layer.load_state_dict({name: _widened(kept[name], given[name]) for name in kept})
        for layer in into[len(source) :]:
            assert isinstance(layer, Block)
            nn.init.zeros_(layer.second.weight)
            nn.init.zeros_(layer.second.bias)


def _widened(large: Tensor, small: Tensor) -> Tensor:
    """`small`, and as `large` begins where that has more outputs; new inputs count for nothing.

    Inputs of the decoder are two latents side by side: each grows at its own end.
    """
    if large.shape == small.shape:
        return small
    out = large.clone()
    if large.ndim > 1 and large.shape[1] != small.shape[1]:
        parts = zip(large.split(large.shape[1] // 2, 1), small.chunk(2, 1), strict=True)
        return torch.cat([_front(torch.zeros_like(wide), part) for wide, part in parts], 1)
    return _front(out, small)


def _front(large: Tensor, small: Tensor) -> Tensor:
    large[tuple(slice(size) for size in small.shape)] = small
    return large

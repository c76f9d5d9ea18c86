"""How a decoder in training sees its memory: as in a stream, but with a picture not to be trusted.

Decides what goes wrong with the last picture. A decoder that trusts it would keep, and add up,
every error of a stream; one that has seen it noisy, in other colours or missing takes from it only
what the latent leaves open. Knows nothing of losses.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.codec.model import PICTURES, Codec
from training.precision import mixed

CHANGED = 0.3
"""Share of the samples whose picture has other colours and another contrast, by up to 15%."""
MOST_NOISE = 0.1
FORGOTTEN = 0.15
"""Share of the samples whose picture is missing, as at the start of a stream."""


def unrolled(model: Codec, raw: Tensor) -> Tensor:
    """Pictures of raw latents [B, T, C, h, w] as a stream makes them; memories are `disturbed`."""
    memory, parts = model.empty_memory(raw[:, 0]), []
    for latent in raw.unbind(1):
        with mixed():
            made = model.decoder(latent, memory).float()
        parts.append(made)
        memory = model.memory_of(latent, made.detach().clamp(0, 1))
        channels = model.shape.latent
        memory = torch.cat([memory[:, :channels], disturbed(memory[:, channels:])], dim=1)
    return torch.stack(parts, 1).unflatten(2, (PICTURES, 3)).flatten(1, 2)


def disturbed(picture: Tensor) -> Tensor:
    """The picture in a memory [B, 768, h, w], noisy, sometimes in other colours, sometimes none."""
    if picture.shape[1] == 0:
        return picture

    def drawn(*shape: int) -> Tensor:
        return torch.rand(len(picture), *shape, 1, 1)

    colours = (drawn(3) - 0.5) * 0.3
    colours = colours.repeat_interleave(picture.shape[1] // 3, 1)  # channels are colour by colour
    changed = picture * (1 + (drawn(1) - 0.5) * 0.3) + colours
    picture = torch.where(drawn(1) < CHANGED, changed, picture)
    picture = picture + torch.randn_like(picture) * drawn(1) * MOST_NOISE
    return picture * (drawn(1) >= FORGOTTEN)

"""The codec's networks: four pictures to one latent frame and back, without looking ahead.

Decides layers and the streaming contract. The encoder sees four pictures and nothing else. The
decoder sees a latent frame and a memory: the raw latent frame before and, in shapes that say so,
the last picture that it made. All of it is zeros at the start, so streamed and whole decoding are
the same. Knows nothing of training.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

PICTURES = 4
SPACE = 16  # pixels per latent cell, on both axes


@dataclass(frozen=True, slots=True)
class CodecShape:
    """Widths, from the finest grid to the latent's."""

    latent: int = 32
    widths: tuple[int, int, int, int] = (32, 64, 96, 160)
    encoder_blocks: tuple[int, int, int] = (2, 4, 6)
    decoder_blocks: tuple[int, int, int] = (3, 2, 4)
    picture_memory: bool = False
    """Whether the decoder sees the last picture it made; codecs before version 4 do not."""

    @property
    def memory(self) -> int:
        """Channels of the decoder's memory: a latent and, folded to its grid, a picture."""
        return self.latent + (3 * SPACE**2 if self.picture_memory else 0)


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.bias)
        with torch.no_grad():
            self.second.weight.mul_(0.3)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(functional.relu(self.first(functional.relu(x))))


class Down(nn.Module):
    """Space to channels, then a projection."""

    def __init__(self, width: int, wider: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width * 4, wider, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(functional.pixel_unshuffle(x, 2))


class Up(nn.Module):
    """A projection, then channels to space."""

    def __init__(self, width: int, narrower: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, narrower * 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(self.mix(x), 2)


class Recall(nn.Module):
    """Adds what the picture before says to features of a finer grid; nothing, until it learns."""

    def __init__(self, cell: int, width: int, kernel: int) -> None:
        super().__init__()
        self.cell = cell  # pixels on both axes
        self.mix = nn.Conv2d(3 * cell**2, width, kernel, padding=kernel // 2)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)

    def forward(self, x: Tensor, picture: Tensor) -> Tensor:
        return x + self.mix(functional.pixel_unshuffle(picture, self.cell))


class Encoder(nn.Module):
    """[B, 12, H, W] in 0…1 (four pictures, picture by picture) to a latent [B, C, H/16, W/16]."""

    def __init__(self, shape: CodecShape) -> None:
        super().__init__()
        finest, fine, middle, coarse = shape.widths
        counts = shape.encoder_blocks
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(PICTURES * 12, finest, 3, padding=1),
            nn.ReLU(),
            Down(finest, fine),
            *(Block(fine) for _ in range(counts[0])),
            Down(fine, middle),
            *(Block(middle) for _ in range(counts[1])),
            Down(middle, coarse),
            *(Block(coarse) for _ in range(counts[2])),
            nn.Conv2d(coarse, shape.latent, 1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers(pictures * 2 - 1)


class Decoder(nn.Module):
    """A raw latent and the memory to [B, 12, H, W]; not clamped."""

    def __init__(self, shape: CodecShape) -> None:
        super().__init__()
        finest, fine, middle, coarse = shape.widths
        counts = shape.decoder_blocks
        self.latent = shape.latent
        self.layers = nn.Sequential(
            nn.Conv2d(shape.latent * 2, coarse, 3, padding=1),
            *(Block(coarse) for _ in range(counts[2])),
            Up(coarse, middle),
            *(Block(middle) for _ in range(counts[1])),
            Up(middle, fine),
            *(Block(fine) for _ in range(counts[0])),
            Up(fine, finest),
            nn.ReLU(),
            nn.Conv2d(finest, PICTURES * 12, 3, padding=1),
            nn.PixelShuffle(2),
        )
        grids = ((8, middle, 1), (4, fine, 1), (2, finest, 3)) if shape.picture_memory else ()
        self.recalls = nn.ModuleList(Recall(*grid) for grid in grids)
        """One after each `Up`, if any."""

    def forward(self, latent: Tensor, memory: Tensor) -> Tensor:
        x = torch.cat([latent, memory[:, : self.latent]], dim=1)
        picture = picture_of(memory[:, self.latent :]) if self.recalls else None
        recalls = iter(self.recalls)
        for layer in self.layers:
            x = layer(x)
            if picture is not None and isinstance(layer, Up):
                x = next(recalls)(x, picture)
        return x * 0.5 + 0.5


def picture_of(memory: Tensor) -> Tensor:
    """The picture [B, 3, H, W] in -1…1 that lies folded in a memory."""
    return functional.pixel_shuffle(memory, SPACE)


def folded(picture: Tensor) -> Tensor:
    """A picture [B, 3, H, W] in 0…1 as part of a memory; nothing there is 0, a middle grey."""
    return functional.pixel_unshuffle(picture * 2 - 1, SPACE)


class Codec(nn.Module):
    """Both networks and the statistics that make latents mean 0 and deviation 1 per channel.

    `encode` and `decode` speak normalised latents; a memory holds the raw latent before and, with
    `picture_memory`, the last picture as it was shown.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, shape: CodecShape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.register_buffer("latent_mean", torch.zeros(1, shape.latent, 1, 1))
        self.register_buffer("latent_std", torch.ones(1, shape.latent, 1, 1))

    def encode(self, pictures: Tensor) -> Tensor:
        """[B, 4, 3, H, W] in 0…1 to a normalised latent."""
        raw = self.encoder(pictures.flatten(1, 2))
        return (raw - self.latent_mean) / self.latent_std

    def empty_memory(self, latent: Tensor) -> Tensor:
        """What the decoder remembers before the first frame: zeros."""
        return latent.new_zeros(len(latent), self.shape.memory, *latent.shape[-2:])

    def decode(self, latent: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """A normalised latent and the memory to [B, 4, 3, H, W] in 0…1 and the next memory."""
        raw = latent * self.latent_std + self.latent_mean
        pictures = self.decoder(raw, memory).clamp(0, 1)
        return pictures.unflatten(1, (PICTURES, 3)), self.memory_of(raw, pictures)

    def memory_of(self, raw: Tensor, pictures: Tensor) -> Tensor:
        """What remains of a raw latent and of its pictures [B, 12, H, W] in 0…1."""
        if not self.shape.picture_memory:
            return raw
        return torch.cat([raw, folded(pictures[:, -3:])], dim=1)

    def encode_clip(self, clip: Tensor) -> Tensor:
        """[B, T·4, 3, H, W] to [B, T, C, h, w]; every latent from its own four pictures."""
        groups = clip.unflatten(1, (-1, PICTURES))
        latents = self.encode(groups.flatten(0, 1))
        return latents.unflatten(0, groups.shape[:2])

    def decode_clip(self, latents: Tensor) -> Tensor:
        """[B, T, C, h, w] to [B, T·4, 3, H, W], as a stream would."""
        memory = self.empty_memory(latents[:, 0])
        parts = []
        for latent in latents.unbind(1):
            pictures, memory = self.decode(latent, memory)
            parts.append(pictures)
        return torch.cat(parts, dim=1)

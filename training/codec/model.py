"""The codec's networks: four pictures to one latent frame and back, without looking ahead.

Decides layers and the streaming contract. The encoder sees four pictures and nothing else. The
decoder sees a latent frame and a memory, which is simply the latent frame before (zeros at the
start), so streamed and whole decoding are the same. Knows nothing of training.
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
    """A latent and the one before it to [B, 12, H, W]; not clamped."""

    def __init__(self, shape: CodecShape) -> None:
        super().__init__()
        finest, fine, middle, coarse = shape.widths
        counts = shape.decoder_blocks
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

    def forward(self, latent: Tensor, memory: Tensor) -> Tensor:
        return self.layers(torch.cat([latent, memory], dim=1)) * 0.5 + 0.5


class Codec(nn.Module):
    """Both networks and the statistics that make latents mean 0 and deviation 1 per channel.

    `encode` and `decode` speak normalised latents; memories are raw latents, zeros at the start.
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

    def decode(self, latent: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """A normalised latent and the memory to [B, 4, 3, H, W] in 0…1 and the next memory."""
        raw = latent * self.latent_std + self.latent_mean
        pictures = self.decoder(raw, memory).clamp(0, 1)
        return pictures.unflatten(1, (PICTURES, 3)), raw

    def encode_clip(self, clip: Tensor) -> Tensor:
        """[B, T·4, 3, H, W] to [B, T, C, h, w]; every latent from its own four pictures."""
        groups = clip.unflatten(1, (-1, PICTURES))
        latents = self.encode(groups.flatten(0, 1))
        return latents.unflatten(0, groups.shape[:2])

    def decode_clip(self, latents: Tensor) -> Tensor:
        """[B, T, C, h, w] to [B, T·4, 3, H, W], as a stream would."""
        memory = torch.zeros_like(latents[:, 0])
        parts = []
        for latent in latents.unbind(1):
            pictures, memory = self.decode(latent, memory)
            parts.append(pictures)
        return torch.cat(parts, dim=1)

"""Reads the test card from a decoded picture, also after a lossy codec.

Written against the description of the card, not against the code that draws it, so each
checks the other. Knows numpy only; where the picture comes from is the caller's business.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
BITS = 32
MIDDLE = (16 + 235) / 2
UNCLEAR = 40  # a block whose mean is this close to the middle is not read
WORD = 2**32

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Card:
    """What a picture says. number: 16 bits. clock_ms: CLOCK_MONOTONIC, 32 bits."""

    number: int
    clock_ms: int
    colour: tuple[int, int, int]

    def age_ms(self, now_s: float) -> float:
        """Time since the pixels were made, by CLOCK_MONOTONIC of the same machine."""
        return (now_s * 1000 - self.clock_ms + WORD / 2) % WORD - WORD / 2

    def shows(self, prompt: str, *, tolerance: int = 12) -> bool:
        """Whether the patch has the colour of `prompt`, give or take what a codec does."""
        return distance(self.colour, colour_of(prompt)) <= tolerance


def read_card(picture: Picture) -> Card | None:
    """Read an RGB picture [H, W, 3]; None when it is no test card or too blurred to trust.

    The frame number must agree with its inverse.
    """
    height, width = picture.shape[:2]
    if width < BITS * BLOCK or height < 2 * BLOCK:
        return None
    numbers = _row(picture, height - 2 * BLOCK)
    clock_ms = _row(picture, height - BLOCK)
    if numbers is None or clock_ms is None:
        return None
    number, inverse = numbers >> 16, numbers & 0xFFFF
    if number != inverse ^ 0xFFFF:
        return None
    return Card(number, clock_ms, patch_colour(picture))


def patch_colour(picture: Picture) -> tuple[int, int, int]:
    """Median colour of the patch, without its edges, where codecs bleed."""
    height, width = picture.shape[:2]
    inner = picture[height // 16 : height * 7 // 16, width // 32 : width * 7 // 32]
    red, green, blue = (int(np.median(inner[..., channel])) for channel in range(3))
    return red, green, blue


def colour_of(prompt: str) -> tuple[int, int, int]:
    """The colour a prompt is shown as."""
    first = hashlib.sha256(prompt.encode("utf-8")).digest()
    return 40 + first[0] % 176, 40 + first[1] % 176, 40 + first[2] % 176


def distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    """How far two colours are apart in the channel that differs most."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def unwrapped(number: int, last: int) -> int:
    """The frame number as a full one, given the full number read last."""
    return last + (number - last + 2**15) % 2**16 - 2**15


def _row(picture: Picture, top: int) -> int | None:
    """The 32 bits of one row of blocks, read from the middle of each."""
    inner = slice(BLOCK // 4, BLOCK - BLOCK // 4)
    bars = picture[top : top + BLOCK, : BITS * BLOCK].astype(np.float32).mean(axis=2)
    means = bars[inner].reshape(-1, BITS, BLOCK)[:, :, inner].mean(axis=(0, 2))
    if np.abs(means - MIDDLE).min() < UNCLEAR:
        return None
    value = 0
    for bit in means > MIDDLE:
        value = value << 1 | int(bit)
    return value

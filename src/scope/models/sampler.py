"""From noise to a clean block in a few passes: guess the clean block, put less noise on, repeat.

Decides the order of arithmetic and which random numbers are drawn. It does not know models or
caches: a pass is a function from a noisy block to its flow.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from scope.models.flow import Level, add_noise, x0_from_flow
from scope.models.staging import staged

Flow = Callable[[Tensor, int], Tensor]
"""A noisy block and the number of the pass, to the predicted flow."""


class BlockNoise:
    """The noise of one block of one stream: the same numbers on every machine and device."""

    def __init__(self, seed: int, frame: int) -> None:
        """frame: the block's first latent frame, which moves the seed on."""
        self._random = torch.Generator("cpu").manual_seed((seed + frame) % 2**63)

    def draw(self, like: Tensor) -> Tensor:
        """Normal numbers in the shape of a block [batch, channels, frames, height, width].

        Drawn in float32 on the processor, frame by frame as published code does.
        """
        batch, channels, frames, height, width = like.shape
        size = (batch, frames, channels, height, width)
        drawn = torch.randn(size, generator=self._random, dtype=torch.float32)
        return staged(drawn.transpose(1, 2), like.device)


def denoise(
    flow: Flow, x: Tensor, levels: Sequence[Level], noise: Callable[[Tensor], Tensor]
) -> Iterator[Tensor]:
    """Yields the guess of the clean block after every pass; the last one is the result."""
    for index, level in enumerate(levels):
        x0 = x0_from_flow(x.double(), flow(x, index).double(), level.sigma).float()
        yield x0
        if index + 1 < len(levels):
            x = add_noise(x0, noise(x0), levels[index + 1].sigma)

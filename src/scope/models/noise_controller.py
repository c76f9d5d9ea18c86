"""How much noise covers a camera picture: less where much moves, smoothed over time.

Decides the numbers for streams made from video (StreamDiffusionV2): the share of noise and the
first timestep. Pure; it does not know tensors beyond measuring how far pictures differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

MOVEMENT = 0.2
"""Difference between pictures in -1..1 that counts as full movement."""


@dataclass(frozen=True, slots=True)
class NoiseController:
    """scale: the share of noise in force. base, reach: share without movement, and how much less
    with full movement."""

    scale: float = 0.8
    base: float = 0.8
    reach: float = 0.1

    def after(self, differences: Sequence[float]) -> "NoiseController":
        """The controller for pictures whose neighbours differ so much (root mean square)."""
        moved = max(differences, default=0.0) / MOVEMENT
        moved = min(max(moved, 0.0), 1.0)
        wanted = self.base - self.reach * moved
        return replace(self, scale=0.9 * wanted + 0.1 * self.scale)

    def first_step(self) -> int:
        """The timestep of the first pass: a little below the noise that was put on."""
        return max(int(1000 * self.scale + 1e-6) - 100, 0)

    def steps(self, nominal: Sequence[int]) -> tuple[int, ...]:
        """The step list with its first entry replaced; later ones that are not below it go."""
        first = self.first_step()
        return (first, *(step for step in nominal[1:] if step < first))


def differences(pictures: Tensor) -> list[float]:
    """Root mean square difference of neighbours; pictures [frames, ...] in -1..1."""
    wide = pictures.float()
    gaps = (wide[1:] - wide[:-1]).flatten(1).square().mean(1).sqrt()
    return [float(gap) for gap in gaps.tolist()]

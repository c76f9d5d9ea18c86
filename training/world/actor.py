"""A drawing that travels through a scene. Knows neither what it shows nor what is around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.layers import Plane


@dataclass(frozen=True, slots=True)
class Actor:
    """Drawings (one, or a cycle of them) that travel; positions in units, speeds per picture."""

    cycle: tuple[Plane, ...]
    at: tuple[float, float]  # of the drawing's foot, in its middle
    speed: tuple[float, float]
    bob: float
    near: float
    depth: float
    kind: str = "subject"
    phase: float = 0.0
    cycle_speed: float = 0.0
    beam_from: tuple[float, float] | None = None

    def drawing(self, picture: int) -> Plane:
        return self.cycle[int(self.phase + picture * self.cycle_speed) % len(self.cycle)]

    def position(self, picture: int) -> tuple[float, float]:
        wave = self.bob * np.sin(picture * 0.28 + self.phase)
        return self.at[0] + self.speed[0] * picture, self.at[1] + self.speed[1] * picture + wave

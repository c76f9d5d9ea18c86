"""Colours of air and light for a time of day and a weather.

Decides every colour that is not the own colour of a thing: sky, haze, cloud, the light that falls
on the ground. Knows nothing of shapes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.world.attributes import Attributes

Colour = NDArray[np.float32]

# top, middle and horizon of the sky, light on the ground, lit and dark side of a cloud
_TIMES = {
    "dawn": ((0.36, 0.52, 0.80), (0.88, 0.68, 0.76), (1.0, 0.80, 0.62),
             (0.92, 0.78, 0.82), (1.0, 0.80, 0.78), (0.66, 0.56, 0.72)),
    "day": ((0.10, 0.40, 0.86), (0.36, 0.66, 0.96), (0.76, 0.90, 0.98),
            (1.02, 1.0, 0.95), (1.0, 1.0, 1.0), (0.70, 0.77, 0.87)),
    "sunset": ((0.25, 0.20, 0.50), (0.90, 0.34, 0.30), (1.0, 0.68, 0.20),
               (0.92, 0.56, 0.40), (1.0, 0.60, 0.32), (0.48, 0.24, 0.40)),
    "dusk": ((0.09, 0.09, 0.30), (0.33, 0.22, 0.52), (0.76, 0.40, 0.58),
             (0.44, 0.37, 0.62), (0.60, 0.40, 0.62), (0.20, 0.16, 0.36)),
    "night": ((0.02, 0.04, 0.13), (0.05, 0.10, 0.27), (0.12, 0.22, 0.42),
              (0.27, 0.35, 0.58), (0.26, 0.32, 0.48), (0.07, 0.10, 0.20)),
}  # fmt: skip
# greyness of the sky, its brightness, light on the ground, haze, cloud cover
_WEATHERS = {
    "clear": (0.0, 1.0, 1.0, 0.8, 0.13),
    "cloudy": (0.18, 0.97, 0.9, 1.0, 0.58),
    "rain": (0.66, 0.72, 0.66, 1.7, 0.85),
    "snow": (0.6, 0.98, 0.84, 1.9, 0.7),
    "fog": (0.62, 1.0, 0.78, 4.2, 0.3),
    "storm": (0.66, 0.52, 0.6, 1.2, 0.93),
}


@dataclass(frozen=True, slots=True)
class Light:
    """All colours are RGB, 0…1, as displayed."""

    top: Colour
    middle: Colour
    horizon: Colour
    ground: Colour
    cloud_lit: Colour
    cloud_dark: Colour
    haze: float
    cover: float
    lamps: bool

    def shade(self, albedo: tuple[float, float, float], depth: float) -> Colour:
        """A thing's own colour as seen at a depth (0 near … 1 far) through the air."""
        lit = np.asarray(albedo, np.float32) * self.ground
        return self.through_air(lit, depth)

    def through_air(self, colour: Colour, depth: float) -> Colour:
        share = np.float32(1 - np.exp(-self.haze * depth))
        return colour * (1 - share) + self.horizon * share


def light_of(attributes: Attributes, rng: np.random.Generator) -> Light:
    top, middle, horizon, ground, lit, dark = (
        np.asarray(colour, np.float32) for colour in _TIMES[attributes.time]
    )
    grey, bright, dim, haze, cover = _WEATHERS[attributes.weather]
    tint = 1 + rng.normal(0, 0.025, 3).astype(np.float32)

    def weathered(colour: Colour, *, keep: float = 0.0) -> Colour:
        flat = colour.mean() * np.array([0.95, 1.0, 1.06], np.float32)
        mixed = colour + (flat - colour) * np.float32(grey * (1 - keep))
        return np.clip(mixed * np.float32(bright) * tint, 0, 1)

    if attributes.weather in {"fog", "snow", "rain"}:
        # Thick air evens the sky out, but it keeps the tint of the hour.
        top, middle = top * 0.35 + horizon * 0.65, middle * 0.5 + horizon * 0.5
    return Light(
        top=weathered(top),
        middle=weathered(middle),
        horizon=weathered(horizon, keep=0.25),
        ground=ground * np.float32(dim),
        cloud_lit=weathered(lit),
        cloud_dark=weathered(dark),
        haze=haze,
        cover=float(np.clip(cover + rng.normal(0, 0.05), 0.08, 0.97)),
        lamps=attributes.time in {"dusk", "night"},
    )

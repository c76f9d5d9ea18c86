"""Things that stand in a biome and glow: village houses and lava."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from training.world.land import _height_at
from training.world.layers import Drawing, Frame, Panorama, Plane
from training.world.light import Light

_ROOFS = ((0.72, 0.28, 0.20), (0.62, 0.34, 0.22), (0.45, 0.30, 0.28))
_WALLS = ((0.95, 0.90, 0.80), (0.90, 0.82, 0.66), (0.84, 0.86, 0.88))
LAMP = np.array([1.0, 0.82, 0.36], np.float32)


def houses(
    frame: Frame, light: Light, ground: Plane, rng: np.random.Generator, *, white: bool
) -> Panorama:
    """A street of houses and a steeple."""
    drawing = Drawing(frame, near=0.45, depth=0.15, kind="building")
    steeple = rng.uniform(0.3, 0.7) * frame.units_wide
    x = drawing.left - 10
    while x < drawing.right:
        x += rng.uniform(17, 34)
        if abs(x - steeple) < 18:
            continue
        wide, tall = rng.uniform(15, 23), rng.uniform(11, 17)
        house(drawing, light, (x, _height_at(frame, ground, 0.45, x) + rng.uniform(3, 12)),
              (wide, tall), depth=0.15, rng=rng, white=white)  # fmt: skip
    foot = _height_at(frame, ground, 0.45, steeple) + 5
    wall, roof = light.shade(_WALLS[0], 0.15), light.shade((0.34, 0.36, 0.46), 0.15)
    drawing.box(steeple - 5, foot - 36, steeple + 5, foot, wall)
    spire = [(steeple - 6.5, foot - 36), (steeple, foot - 62), (steeple + 6.5, foot - 36)]
    drawing.polygon(spire, roof)
    drawing.box(steeple - 1.5, foot - 30, steeple + 1.5, foot - 24, LAMP if light.lamps else roof)
    return drawing.panorama()


def house(
    drawing: Drawing, light: Light, at: tuple[float, float], size: tuple[float, float], *,
    depth: float, rng: np.random.Generator, white: bool,
) -> None:  # fmt: skip
    (x, y), (wide, tall) = at, size
    roof_albedo = (0.92, 0.95, 1.0) if white else _ROOFS[int(rng.integers(3))]
    wall = light.shade(_WALLS[int(rng.integers(3))], depth)
    roof = light.shade(roof_albedo, depth)
    drawing.box(x - wide / 2, y - tall, x + wide / 2, y, wall)
    drawing.box(x + wide * 0.18, y - tall, x + wide / 2, y, wall * np.float32(0.84))
    ridge = y - tall * 1.7
    left_eave, right_eave = (x - wide * 0.62, y - tall), (x + wide * 0.62, y - tall)
    drawing.polygon(
        [left_eave, (x - wide * 0.2, ridge), (x + wide * 0.34, ridge), right_eave], roof
    )
    pane = LAMP if light.lamps else light.shade((0.28, 0.36, 0.48), depth)
    for dx in (-0.28, 0.02, 0.32):
        left = x + dx * wide - wide * 0.07
        drawing.box(left, y - tall * 0.72, left + wide * 0.15, y - tall * 0.36, pane)


def lava(
    frame: Frame, cone: Plane, centre: float, rng: np.random.Generator, *, near: float
) -> Panorama:
    """Bright streams from the crater down the flanks; they need no light to be seen."""
    drawing = Drawing(frame, near=near, depth=0.25, kind="ground")
    top = _height_at(frame, cone, near, centre)
    red, orange, yellow = (
        np.array(c, np.float32) for c in ((0.86, 0.16, 0.04), (1.0, 0.42, 0.06), (1.0, 0.85, 0.30))
    )
    for lean in rng.permutation([-1.1, -0.55, 0.05, 0.6, 1.15])[: int(rng.integers(2, 5))]:
        steps = np.linspace(0, 1, 14)
        length = rng.uniform(45, 88)
        wander = np.cumsum(rng.normal(0, 1.3, 14))
        path = [(centre + lean * (6 + 40 * s**1.2) + w, top + 3 + length * s)
                for s, w in zip(steps, wander, strict=True)]  # fmt: skip
        for start, end, s in zip(path[:-1], path[1:], steps, strict=False):
            drawing.stroke([start, end], 5.4 * (1 - 0.6 * s), red)
        for start, end, s in zip(path[:-3], path[1:-2], steps, strict=False):
            drawing.stroke([start, end], 3.2 * (1 - 0.6 * s), orange)
        for start, end in pairwise(path[:7]):
            drawing.stroke([start, end], 1.4, yellow)
    drawing.ellipse(centre, top + 1, 12, 2.6, orange)
    drawing.ellipse(centre, top + 1, 8, 1.5, yellow)
    return drawing.panorama()

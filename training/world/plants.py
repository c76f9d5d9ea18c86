"""Plants and ice with a shape of their own: palms, acacias, cacti, icebergs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from training.world.land import _height_at
from training.world.layers import Drawing, Frame, Panorama, Plane
from training.world.light import Light


def palms(frame: Frame, light: Light, shore: Plane, rng: np.random.Generator) -> Panorama:
    """One to three palms at a side of the picture, leaning over the water."""
    drawing = Drawing(frame, near=0.95, depth=0.0, kind="tree")
    bark, leaf = light.shade((0.42, 0.30, 0.20), 0.0), light.shade((0.12, 0.45, 0.18), 0.0)
    bright = light.shade((0.28, 0.62, 0.22), 0.0)
    side = rng.choice([-1.0, 1.0])
    for number in range(int(rng.integers(1, 4))):
        share = 0.5 + side * (0.30 + 0.12 * number) + rng.uniform(-0.03, 0.03)
        foot_x = share * frame.units_wide
        foot_y = _height_at(frame, shore, 0.95, foot_x) + 10
        tall, lean = rng.uniform(72, 105), -side * rng.uniform(8, 26)
        bend = np.linspace(0, 1, 12)
        path = [(foot_x + lean * s**1.8, foot_y - tall * s) for s in bend]
        for start, end in pairwise(path):
            drawing.stroke([start, end], 4.2 - 1.6 * (foot_y - start[1]) / tall, bark)
        _fronds(drawing, path[-1], tall * 0.36, (leaf, bright), rng)
    return drawing.panorama()


def _fronds(
    drawing: Drawing, at: tuple[float, float], reach: float, colours: tuple[Plane, Plane],
    rng: np.random.Generator,
) -> None:  # fmt: skip
    for number, angle in enumerate(np.linspace(-2.9, -0.25, 9) + rng.uniform(-0.1, 0.1, 9)):
        s = np.linspace(0, 1, 9)
        length = reach * rng.uniform(0.85, 1.1)
        xs = at[0] + np.cos(angle) * length * s
        ys = at[1] + np.sin(angle) * length * 0.75 * s + length * 0.75 * s**2.2
        half = 4.2 * np.sin(np.pi * np.clip(s * 0.9 + 0.1, 0, 1)) + 0.3
        upper = list(zip(xs, ys - half * 0.35, strict=True))
        lower = list(zip(xs, ys + half, strict=True))[::-1]
        drawing.polygon(upper + lower, colours[number % 2])


def acacias(
    frame: Frame, light: Light, ground: Plane, rng: np.random.Generator, *, near: float,
    depth: float, size: float, gap: float,
) -> Panorama:  # fmt: skip
    drawing = Drawing(frame, near=near, depth=depth, kind="tree")
    bark, crown = light.shade((0.26, 0.18, 0.12), depth), light.shade((0.24, 0.38, 0.14), depth)
    bright = light.shade((0.38, 0.50, 0.18), depth)
    x = drawing.left + gap * rng.uniform(-0.5, 0.5)
    while x < drawing.right + size:
        x += gap * rng.uniform(0.5, 1.5)
        tall = size * rng.uniform(0.75, 1.2)
        foot = _height_at(frame, ground, near, x) + 2
        fork = (x, foot - tall * 0.45)
        drawing.stroke([(x, foot), fork], tall * 0.07, bark)
        for dx in (-0.36, -0.1, 0.16, 0.38):
            drawing.stroke([fork, (x + dx * tall, foot - tall * 0.84)], tall * 0.04, bark)
        drawing.ellipse(x, foot - tall * 0.86, tall * 0.62, tall * 0.13, crown)
        drawing.ellipse(x - tall * 0.05, foot - tall * 0.93, tall * 0.48, tall * 0.10, bright)
    return drawing.panorama()


def cacti(frame: Frame, light: Light, ground: Plane, rng: np.random.Generator) -> Panorama:
    drawing = Drawing(frame, near=1.0, depth=0.0, kind="tree")
    body, bright = light.shade((0.20, 0.42, 0.22), 0.0), light.shade((0.34, 0.56, 0.28), 0.0)
    for _ in range(int(rng.integers(1, 4))):
        x = rng.uniform(0.05, 0.95) * frame.units_wide
        foot, tall = _height_at(frame, ground, 1.0, x) + 4, rng.uniform(26, 52)
        width = tall * 0.13
        for dx, start, end in ((0.0, 0.0, 1.0), (-0.3, 0.35, 0.75), (0.28, 0.45, 0.88)):
            at = x + dx * tall
            path = [(at, foot - tall * start), (at, foot - tall * end)]
            if dx:
                path = [(x, foot - tall * start), *path]
            wide = width if dx == 0 else width * 0.75
            drawing.stroke(path, wide, body)
            drawing.ellipse(at, foot - tall * end, wide / 2, wide / 2, body)
            drawing.stroke([(at - wide * 0.2, foot - tall * (start + 0.06)),
                            (at - wide * 0.2, foot - tall * end)], wide * 0.25, bright)  # fmt: skip
    return drawing.panorama()


def icebergs(frame: Frame, light: Light, rng: np.random.Generator) -> Panorama:
    drawing = Drawing(frame, near=0.45, depth=0.12, kind="ground")
    lit, shaded = light.shade((0.92, 0.97, 1.0), 0.12), light.shade((0.50, 0.74, 0.88), 0.12)
    for _ in range(int(rng.integers(3, 6))):
        x = rng.uniform(0, 1) * frame.units_wide
        y = rng.uniform(118, 140)
        wide, tall = rng.uniform(10, 30), rng.uniform(5, 22)
        peak = x + rng.uniform(-0.4, 0.4) * wide
        drawing.polygon([(x - wide, y), (x - wide * 0.7, y - tall * 0.4), (peak, y - tall),
                         (x + wide * 0.6, y - tall * 0.5), (x + wide, y)], lit)  # fmt: skip
        drawing.polygon([(peak, y - tall), (x + wide * 0.6, y - tall * 0.5), (x + wide, y),
                         (peak + wide * 0.1, y)], shaded)  # fmt: skip
        drawing.ellipse(x, y, wide * 1.1, 1.6, shaded)
    return drawing.panorama()

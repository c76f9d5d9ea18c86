"""Shapes of the land that several biomes share: ridges, dunes, fields, trees, houses, towers.

Decides how each kind of land is painted. Knows nothing of which biome uses it.
"""

from __future__ import annotations

import numpy as np

from training.world import textures
from training.world.layers import (
    Drawing,
    Frame,
    Panorama,
    Plane,
    first_row,
    heightfield,
    rows_below,
)
from training.world.light import Colour, Light

Albedo = tuple[float, float, float]


def curve(
    frame: Frame, rng: np.random.Generator, *, near: float, base: float, height: float,
    waves: int, octaves: int = 4,
) -> Plane:  # fmt: skip
    """A skyline around `base`: a closed curve of 2,048 steps spans one and a half pictures."""
    steps = textures.profile(rng, length=2048, waves=waves, octaves=octaves)
    columns = frame.columns(near)
    positions = (columns / (frame.units_wide * 1.5) + rng.random()) * 2048
    index = np.floor(positions).astype(int)
    part = (positions - index).astype(np.float32)
    values = steps[index % 2048] * (1 - part) + steps[(index + 1) % 2048] * part
    return (base - height * values).astype(np.float32)


def ridge(
    frame: Frame, light: Light, line: Plane, *, near: float, depth: float, albedo: Albedo,
    snow: float = 0.0, relief: float = 0.35, from_left: bool = True,
) -> Panorama:  # fmt: skip
    """Rock with lit and shaded flanks; `snow` is how many units below the top stay white."""
    rows = rows_below(frame, line)
    below = np.maximum(rows - line[None], 0)
    slope = np.gradient(line) * frame.scale
    lean = np.clip(np.arange(line.size)[None] + below * (0.55 * frame.scale), 0, line.size - 1)
    flank = slope[lean.astype(np.intp)]
    flank = np.tanh(flank * (1.6 if from_left else -1.6))
    rock = _texture(textures.facets(), frame, rows, line.size, 2.2, 2.6)
    shade = 1 - relief * (0.55 * flank + 0.9 * (0.5 - rock))
    own = np.asarray(albedo, np.float32)[:, None, None] * shade
    if snow > 0:
        depth_of_snow = (
            snow * (0.35 + 1.1 * rock) - below - np.maximum(line[None] - line.min(), 0) * 0.35
        )
        cover = np.clip(depth_of_snow * 0.5, 0, 1)
        white = np.array([0.93, 0.95, 1.0], np.float32)[:, None, None] * (1 - 0.22 * (flank > 0))
        own = own * (1 - cover) + white * cover
    return heightfield(
        frame, line, near=near, depth=depth, colour=_lit(own, light, depth, rows, line)
    )


def field(
    frame: Frame, light: Light, line: Plane, *, near: float, depth: float, albedo: Albedo,
    second: Albedo | None = None, relief: float = 0.18, kind: str = "ground",
) -> Panorama:  # fmt: skip
    """Soft ground: two colours in wide patches, brighter along the crest."""
    rows = rows_below(frame, line)
    patches = _texture(textures.clouds(), frame, rows, line.size, 1.7, 6.0)
    blend = np.clip((patches - 0.5) * 2.2 + 0.5, 0, 1)
    one = np.asarray(albedo, np.float32)[:, None, None]
    two = np.asarray(second or albedo, np.float32)[:, None, None]
    crest = np.exp(-np.maximum(rows - line[None], 0) / 7)
    own = (one + (two - one) * blend) * (1 - relief * 0.5 + relief * crest)
    return heightfield(
        frame, line, near=near, depth=depth, colour=_lit(own, light, depth, rows, line), kind=kind
    )


def dune(
    frame: Frame, light: Light, line: Plane, *, near: float, depth: float, albedo: Albedo,
    from_left: bool,
) -> Panorama:  # fmt: skip
    """Sand: one flank bright, the other in soft shadow, the edge between them wandering down."""
    rows = rows_below(frame, line)
    below = np.maximum(rows - line[None], 0)
    slope = np.gradient(line) * frame.scale
    lean = np.arange(line.size)[None] + below * (1.5 * frame.scale * (1 if from_left else -1))
    flank = slope[np.clip(lean, 0, line.size - 1).astype(np.intp)]
    dark = 1 / (1 + np.exp(-flank * (14 if from_left else -14)))
    dark *= np.exp(-below / 55)
    bright = np.asarray(albedo, np.float32)[:, None, None]
    shadow = bright * np.array([0.50, 0.42, 0.48], np.float32)[:, None, None]
    own = bright + (shadow - bright) * dark
    return heightfield(
        frame, line, near=near, depth=depth, colour=_lit(own, light, depth, rows, line)
    )


def strata(
    frame: Frame, light: Light, line: Plane, *, near: float, depth: float, albedo: Albedo
) -> Panorama:
    """Canyon walls: level bands of colour that bend a little."""
    rows = rows_below(frame, line)
    bend = np.interp(np.arange(line.size), np.arange(0, line.size + 64, 64), _bends(line))
    level = rows + bend[None]
    bands = 0.5 + 0.32 * np.sin(level * 0.36) + 0.18 * np.sin(level * 0.83 + 1)
    shade_at = _texture(textures.clouds(), frame, rows * 0.4, line.size, 2.0, 1.0)
    shade = (0.80 + 0.26 * bands) * (0.80 + 0.32 * shade_at)
    own = np.asarray(albedo, np.float32)[:, None, None] * shade
    own[1] *= 0.86 + 0.22 * bands
    own[2] *= 0.8 + 0.3 * bands
    return heightfield(
        frame, line, near=near, depth=depth, colour=_lit(own, light, depth, rows, line)
    )


def conifers(
    frame: Frame, light: Light, ground: Plane, rng: np.random.Generator, *, near: float,
    depth: float, albedo: Albedo, size: float, gap: float, snowy: bool = False,
) -> Panorama:  # fmt: skip
    drawing = Drawing(frame, near=near, depth=depth, kind="tree")
    dark, edge = light.shade(albedo, depth), light.shade(_scaled(albedo, 1.25), depth)
    white = light.shade((0.9, 0.93, 0.98), depth)
    x = drawing.left - gap
    while x < drawing.right + gap:
        x += gap * rng.uniform(0.45, 1.4)
        tall = size * rng.uniform(0.65, 1.25)
        foot = _height_at(frame, ground, near, x) + 2
        for step in range(3):
            top = foot - tall * (1 - 0.26 * step)
            low, half = foot - tall * (0.5 - 0.25 * step), tall * (0.13 + 0.055 * step)
            drawing.polygon([(x, top), (x + half, low), (x - half, low)], dark)
            drawing.polygon([(x, top), (x - half * 0.15, low), (x - half, low)], edge)
            if snowy:
                tip = top + (low - top) * 0.45
                drawing.polygon([(x, top), (x + half * 0.45, tip), (x - half * 0.45, tip)], white)
        drawing.box(x - tall * 0.02, foot - tall * 0.05, x + tall * 0.02, foot + 3, dark)
    return drawing.panorama()


def round_trees(
    frame: Frame, light: Light, ground: Plane, rng: np.random.Generator, *, near: float,
    depth: float, albedos: tuple[Albedo, ...], size: float, gap: float, bare: bool = False,
) -> Panorama:  # fmt: skip
    drawing = Drawing(frame, near=near, depth=depth, kind="tree")
    bark = light.shade((0.30, 0.21, 0.15), depth)
    x = drawing.left - gap * rng.random()
    while x < drawing.right + size:
        x += gap * rng.uniform(0.4, 1.6)
        tall = size * rng.uniform(0.7, 1.2)
        foot = _height_at(frame, ground, near, x) + 1.5
        albedo = albedos[int(rng.integers(len(albedos)))]
        width = tall * 0.07
        drawing.polygon(
            [(x - width, foot), (x + width, foot), (x + width * 0.4, foot - tall * 0.6),
             (x - width * 0.4, foot - tall * 0.6)], bark,
        )  # fmt: skip
        if bare:
            _twigs(drawing, x, foot - tall * 0.5, tall, bark)
            continue
        _crown(drawing, x, foot - tall * 0.66, tall, albedo, light, depth)
    return drawing.panorama()


def _crown(
    drawing: Drawing, x: float, y: float, tall: float, albedo: Albedo, light: Light, depth: float
) -> None:
    blobs = ((0, -0.1, 0.30), (-0.2, 0.05, 0.22), (0.2, 0.06, 0.22), (0, 0.14, 0.24))
    for grow, gain in ((1.0, 0.78), (0.74, 1.0)):
        for dx, dy, radius in blobs:
            colour = light.shade(_scaled(albedo, gain), depth)
            shift = (1 - grow) * 0.22 * tall
            r = radius * tall * grow
            drawing.ellipse(x + dx * tall - shift, y + dy * tall - shift, r, r * 0.92, colour)


def _twigs(drawing: Drawing, x: float, y: float, tall: float, bark: Colour) -> None:
    for dx, dy in ((-0.3, -0.35), (-0.14, -0.48), (0.05, -0.52), (0.2, -0.42), (0.32, -0.28)):
        drawing.stroke([(x, y), (x + dx * tall, y + dy * tall)], tall * 0.035, bark)


def towers(
    frame: Frame, light: Light, rng: np.random.Generator, *, near: float, depth: float,
    base: float, tallest: float, albedo: Albedo,
) -> Panorama:  # fmt: skip
    """A row of city buildings with windows, lit after dark."""
    drawing = Drawing(frame, near=near, depth=depth, kind="building")
    x = drawing.left - 20 * rng.random()
    while x < drawing.right:
        width = rng.uniform(14, 30) * (1.15 - 0.5 * depth)
        tall = tallest * rng.uniform(0.35, 1.0)
        own = _scaled(albedo, rng.uniform(0.75, 1.25))
        body, side = light.shade(own, depth), light.shade(_scaled(own, 0.72), depth)
        top = base - tall
        drawing.box(x, top, x + width, base + 4, body)
        drawing.box(x + width * 0.72, top, x + width, base + 4, side)
        crown = rng.random()
        if crown < 0.25:
            drawing.box(x + width * 0.3, top - 5, x + width * 0.6, top, side)
        elif crown < 0.4:
            drawing.polygon([(x, top), (x + width, top), (x + width / 2, top - width * 0.6)], body)
        elif crown < 0.55:
            drawing.box(x + width * 0.48, top - 14, x + width * 0.53, top, side)
        _windows(drawing, light, rng, depth, (x, top, width, base))
        x += width + rng.uniform(-1, 4)
    return drawing.panorama()


def _windows(
    drawing: Drawing, light: Light, rng: np.random.Generator, depth: float,
    building: tuple[float, float, float, float],
) -> None:  # fmt: skip
    x, top, width, base = building
    lamps = [
        np.array(c, np.float32) for c in ((1.0, 0.86, 0.45), (1.0, 0.75, 0.35), (0.8, 0.9, 1.0))
    ]
    blind = light.shade((0.20, 0.26, 0.36), depth)
    pitch = 6.0 if depth < 0.5 else 5.0
    for column in np.arange(x + 2.5, x + width - 2.5, pitch):
        for row in np.arange(top + 4, base - 3, pitch):
            lit = light.lamps and rng.random() < 0.6
            lamp = light.through_air(lamps[int(rng.integers(3))], depth * 0.5)
            drawing.box(column, row, column + 2.4, row + 2.8, lamp if lit else blind)


def _lit(own: Plane, light: Light, depth: float, rows: Plane, line: Plane) -> Plane:
    """Light, then air: the foot of a far layer lies in thicker haze than its crest."""
    lower = np.clip((rows - line.min()) / 70, 0, 1) * np.float32(
        min(1.0, light.haze * 0.35) * depth
    )
    share = 1 - np.exp(-light.haze * depth) * (1 - lower)
    horizon = light.horizon[:, None, None]
    lit = np.clip(own, 0, 1) * light.ground[:, None, None]
    return (lit * (1 - share) + horizon * share).astype(np.float32)


def _texture(
    tile: Plane, frame: Frame, rows: Plane, width: int, columns_per: float, rows_per: float
) -> Plane:
    row = (rows * rows_per + 77).astype(np.int32) & 511
    column = (np.arange(width) / frame.scale * columns_per).astype(np.int32) & 1023
    return tile[row, column[None]]


def _bends(line: Plane) -> Plane:
    count = np.arange(0, line.size + 64, 64).size
    return np.random.default_rng(int(line[0] * 1000)).uniform(-3, 3, count)


def _height_at(frame: Frame, line: Plane, near: float, x: float) -> float:
    extra = (line.size - frame.width) // 2
    index = int(np.clip(x * frame.scale + extra, 0, line.size - 1))
    return float(line[index])


def _scaled(albedo: Albedo, gain: float) -> Albedo:
    red, green, blue = albedo
    return red * gain, green * gain, blue * gain


__all__ = [
    "Albedo", "conifers", "curve", "dune", "field", "first_row", "ridge", "round_trees",
    "strata", "towers",
]  # fmt: skip

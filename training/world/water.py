"""Water: mirrors the picture above it, broken by ripples that run towards the viewer.

Decides how a surface looks at a moment. Knows nothing of what floats on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.world import textures
from training.world.layers import Frame, Plane
from training.world.light import Colour, Light
from training.world.site import Water


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything about a water surface that does not change during a clip."""

    top: int
    u: Plane
    v: Plane
    depth: Plane  # 0 at the horizon, 1 at the picture's foot
    mirror_rows: Plane
    columns: Plane
    deep: Colour
    waves: float
    glint: Plane  # strength of the light's path, [rows, W]
    glint_colour: Colour


def surface_of(
    frame: Frame, water: Water, light: Light, *, glint_x: float | None, glint_colour: Colour,
    rng: np.random.Generator,
) -> Surface:  # fmt: skip
    top = round(water.top * frame.scale)
    y = np.arange(frame.height - top, dtype=np.float32)[:, None] / np.float32(frame.scale)
    x = (np.arange(frame.width, dtype=np.float32)[None] + 0.5) / np.float32(frame.scale)
    depth = y / np.float32(192 - water.top)
    distance = 1 / (depth + 0.28)
    u = (x - x.mean()) * distance * 0.85 + np.float32(rng.uniform(0, 1024))
    v = 150 * np.log(depth + 0.18) + np.float32(rng.uniform(0, 512))
    glint = np.zeros((frame.height - top, frame.width), np.float32)
    if glint_x is not None:
        glint = np.exp(-(((x - glint_x) / (7 + 34 * depth)) ** 2)) * (1 - 0.35 * depth)
    own = np.asarray(water.albedo, np.float32) * light.ground
    return Surface(
        top=top,
        u=u.astype(np.float32),
        v=v.astype(np.float32),
        depth=depth,
        mirror_rows=top - 1 - y * np.float32(frame.scale * 0.9),
        columns=np.arange(frame.width, dtype=np.float32)[None],
        deep=(own * 0.75 + light.middle * own.mean() * 0.5).astype(np.float32),
        waves=water.waves,
        glint=glint.astype(np.float32),
        glint_colour=glint_colour,
    )


def draw_water(canvas: Plane, surface: Surface, picture: int) -> None:
    ripple, sway = _ripples(surface, picture)
    strength = np.clip(surface.depth * 7, 0.1, 1) * np.float32(0.5 + 0.5 * surface.waves)
    rows = surface.mirror_rows + ripple * strength * (3 + 12 * surface.depth)
    columns = surface.columns + sway * strength * (1 + 4 * surface.depth)
    row_index = np.clip(rows, 0, surface.top - 1).astype(np.int32)
    column_index = np.clip(columns, 0, canvas.shape[2] - 1).astype(np.int32)
    flat = row_index * canvas.shape[2] + column_index
    mirrored = canvas[:, : surface.top].reshape(3, -1).take(flat, axis=1)
    clearness = np.clip(0.86 - surface.depth * (0.3 + 0.28 * surface.waves), 0.18, 1)
    crest = 1 + ripple * strength * np.float32(0.16 + 0.14 * surface.waves)
    deep = surface.deep[:, None, None] * crest * np.float32(1.0)
    water = deep + (mirrored - deep) * clearness
    sparkle = surface.glint * np.clip(ripple * 2.6 + 0.35, 0, 1)
    water += (surface.glint_colour[:, None, None] - water) * sparkle * np.float32(0.85)
    canvas[:, surface.top :] = water


def _ripples(surface: Surface, picture: int) -> tuple[Plane, Plane]:
    """Two crossing wave fields, each about -1…1."""
    tile = textures.wisps()
    run = np.float32(picture * (1.5 + 0.9 * surface.waves))
    one = _read(tile, surface.v * np.float32(1.35) - run, surface.u * 0.5 + picture * 0.5)
    two = _read(tile, surface.v * 0.8 - run * 0.6 + 200, surface.u * 0.33 - picture * 0.6)
    return (one + two - 1), (one - two)


def _read(tile: Plane, v: Plane, u: Plane) -> Plane:
    rows: NDArray[np.int32] = np.floor(v).astype(np.int32) & (tile.shape[0] - 1)
    columns: NDArray[np.int32] = np.floor(u).astype(np.int32) & (tile.shape[1] - 1)
    return tile[rows, columns]

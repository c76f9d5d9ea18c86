"""What falls or hangs between viewer and land: rain, snow, fog, lightning, smoke.

Decides these overlays at a moment. Knows nothing of the land.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from training.world import textures
from training.world.layers import Plane
from training.world.light import Light


def draw_rain(canvas: Plane, light: Light, picture: int, *, heavy: bool) -> None:
    colour = np.clip(light.horizon * 0.6 + 0.42, 0, 1)[:, None, None]
    for layer, (fall, drift) in enumerate(((17, 5), (12, 3))):
        tile = _streaks(layer, heavy)
        alpha = _window(tile, canvas, (-fall * picture, drift * picture))
        canvas += (colour - canvas) * alpha


def draw_snow(canvas: Plane, light: Light, picture: int) -> None:
    colour = np.clip(light.horizon * 0.35 + 0.68, 0, 1)[:, None, None]
    for layer, (fall, sway) in enumerate(((0.9, 0.5), (1.6, 0.8), (2.6, 1.3))):
        across = sway * 5 * np.sin(picture * 0.12 + layer) + picture * sway * 0.4
        alpha = _window(_flakes(layer), canvas, (-fall * picture, across))
        canvas += (colour - canvas) * alpha


def draw_fog(canvas: Plane, light: Light, picture: int) -> None:
    height, width = canvas.shape[1:]
    tile = textures.clouds()
    rows = (np.arange(height) * 192 // height * 2)[:, None] & 511
    columns = ((np.arange(width) * 192 // height + picture * 2) & 1023)[None]
    level = np.interp(np.arange(height) / height, (0, 0.35, 0.6, 1), (0.15, 0.5, 0.62, 0.3))
    alpha = tile[rows, columns] * level[:, None].astype(np.float32)
    canvas += (light.horizon[:, None, None] - canvas) * alpha


def lightning_strength(strike: int | None, picture: int) -> float:
    """How bright the sky is lit; a strike flickers once and fades within five pictures."""
    if strike is None or not 0 <= picture - strike < 5:
        return 0.0
    return (1.0, 0.4, 0.75, 0.35, 0.12)[picture - strike]


def draw_flash(canvas: Plane, strength: float) -> None:
    level = np.linspace(0.42, 0.12, canvas.shape[1], dtype=np.float32)[:, None] * strength
    tint = np.array([0.86, 0.88, 1.0], np.float32)[:, None, None]
    canvas += (tint - canvas) * level


def bolt(height: int, width: int, ground: float, rng: np.random.Generator) -> Plane:
    """Brightness of one forked path from the clouds to the ground."""
    image = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(image)
    x, y = rng.uniform(0.2, 0.8) * width * 2, 0.0
    path = [(x, y)]
    while y < ground * 2:
        x, y = x + rng.uniform(-16, 16), y + rng.uniform(10, 22)
        path.append((x, min(y, ground * 2)))
    draw.line(path, fill=255, width=5, joint="curve")
    fork = path[len(path) // 3]
    branch = [fork]
    for _ in range(4):
        branch.append((branch[-1][0] + rng.uniform(4, 20), branch[-1][1] + rng.uniform(8, 16)))
    draw.line(branch, fill=190, width=3)
    return np.asarray(image.reduce(2), np.float32) / np.float32(255)


def draw_plume(
    canvas: Plane, light: Light, crater: tuple[float, float], picture: int, lean: float
) -> None:
    """Smoke that rises from a crater, lit from below."""
    scale = canvas.shape[1] / 192
    rows = int(crater[1] * scale)
    up = crater[1] - (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / scale
    x = (np.arange(canvas.shape[2], dtype=np.float32)[None] + 0.5) / scale
    across = (x - crater[0] - lean * up) / (7 + 0.42 * up)
    tile = textures.clouds()
    v = ((-up * 2.0 + picture * 4.0).astype(np.int32) + 4096) & 511
    u = ((x - crater[0]) * 2.4 - lean * up * 2).astype(np.int32) & 1023
    alpha = np.clip(tile[v, u] * 2.2 - 0.25, 0, 1) * np.exp(-(across**2)) * np.float32(0.92)
    grey = np.clip(light.cloud_dark * 0.7, 0, 1)[:, None, None]
    fire = np.array([1.0, 0.38, 0.10], np.float32)[:, None, None] * np.exp(-up / 16)
    smoke = grey * (0.8 + 0.4 * tile[v, u]) + fire * 0.8
    canvas[:, :rows] += (np.clip(smoke, 0, 1) - canvas[:, :rows]) * alpha


@lru_cache(maxsize=4)
def _streaks(layer: int, heavy: bool) -> Plane:
    rng = np.random.default_rng(40 + layer)
    image = Image.new("L", (1024, 1024))
    draw = ImageDraw.Draw(image)
    count = (320 if layer else 170) * (2 if heavy else 1)
    length = 20 if layer else 34
    for x, y in rng.uniform(0, 1024, (count, 2)):
        for dx in (-1024, 0, 1024):
            for dy in (-1024, 0, 1024):
                ends = (x + dx, y + dy, x + dx - length * 0.29, y + dy + length)
                draw.line(ends, fill=200 if layer else 255, width=2 if layer else 3)
    strength = 0.34 if layer else 0.44
    return np.asarray(image.reduce(2), np.float32) * np.float32(strength / 255)


@lru_cache(maxsize=3)
def _flakes(layer: int) -> Plane:
    rng = np.random.default_rng(50 + layer)
    image = Image.new("L", (2048, 2048))
    draw = ImageDraw.Draw(image)
    radius, count = ((4.5, 520), (6.5, 300), (9.5, 120))[layer]
    for x, y in rng.uniform(0, 2048, (count, 2)):
        r = radius * rng.uniform(0.8, 1.2)
        for dx in (-2048, 0, 2048):
            for dy in (-2048, 0, 2048):
                draw.ellipse((x + dx - r, y + dy - r, x + dx + r, y + dy + r), fill=235)
    return np.asarray(image.reduce(4), np.float32) * np.float32(0.9 / 255)


def _window(tile: Plane, canvas: Plane, offset: tuple[float, float]) -> Plane:
    """The tile's part under the picture, moved by whole rows and columns and a fraction."""
    rows, columns = np.arange(canvas.shape[1]), np.arange(canvas.shape[2])
    y, x = np.floor(offset[0]), np.floor(offset[1])
    fy, fx = np.float32(offset[0] - y), np.float32(offset[1] - x)
    r = (rows + int(y)) % tile.shape[0]
    c = (columns + int(x)) % tile.shape[1]
    part = tile[r[:, None], c[None]]
    if fy:
        part = part * (1 - fy) + tile[((r + 1) % tile.shape[0])[:, None], c[None]] * fy
    if fx:
        part = part.copy()
        part[:, :-1] = part[:, :-1] * (1 - fx) + part[:, 1:] * fx
    return part

"""The sky behind everything: gradient, stars, aurora, sun, moon, rainbow and drifting clouds.

Decides what the sky looks like at a moment. Knows nothing of the land below it except the height
above which it can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world import textures
from training.world.attributes import Attributes
from training.world.layers import Frame, Plane
from training.world.light import Colour, Light


@dataclass(frozen=True, slots=True)
class Sky:
    """Everything painted once, and the numbers that the moving parts need."""

    base: Plane  # [3, H, W], gradient with glow
    disc: Plane  # premultiplied RGBA of sun or moon
    stars: Plane  # brightness [H, W]
    arc: Plane  # premultiplied RGBA of the rainbow
    cloud_u: Plane  # [rows, W] texture columns of the cloud plane
    cloud_v: Plane  # [rows, 1]
    cloud_fade: Plane  # [rows, 1]
    drift: float
    aurora: bool
    curtain: Plane  # height of the aurora's lower edge, units, closed curve
    has_stars: bool
    has_disc: bool
    has_arc: bool
    sun_at: tuple[float, float]


def paint_sky(
    frame: Frame, attributes: Attributes, light: Light, clear_y: float, rng: np.random.Generator
) -> Sky:
    y, x = _grid(frame)
    base = _gradient(y, light, clear_y)
    base = np.broadcast_to(base, (3, frame.height, frame.width)).copy()
    at = _disc_position(frame, attributes, clear_y, rng)
    distance = np.hypot(x - at[0], y - at[1])
    disc = np.zeros((4, frame.height, frame.width), np.float32)
    if attributes.sky in {"sun", "moon"}:
        disc = _disc(base, distance, attributes, light, (x - at[0], y - at[1]), rng)
    elif attributes.weather in {"clear", "cloudy"} and attributes.time in {"dawn", "sunset"}:
        base += light.horizon[:, None, None] * np.exp(-distance / 70) * np.float32(0.12)
    stars = _stars(frame, attributes, clear_y, rng)
    rows = min(frame.height, round((clear_y + 45) * frame.scale))
    cloud_u, cloud_v, fade = _cloud_plane(y[:rows], x, clear_y, rng)
    speed = 1.6 if attributes.weather == "storm" else 0.8
    return Sky(
        base=np.clip(base, 0, 1).astype(np.float32),
        disc=disc,
        stars=stars,
        arc=_rainbow(frame, x, y, clear_y, rng, shown=attributes.sky == "rainbow"),
        cloud_u=cloud_u,
        cloud_v=cloud_v,
        cloud_fade=fade,
        drift=float(rng.uniform(0.5, 1.0) * speed * rng.choice([-1, 1])),
        aurora=attributes.sky == "aurora",
        curtain=textures.profile(rng, length=1024, waves=5, octaves=3) * 13 + clear_y * 0.62,
        has_stars=bool(stars.any()),
        has_disc=attributes.sky in {"sun", "moon"},
        has_arc=attributes.sky == "rainbow",
        sun_at=at,
    )


def draw_stars(canvas: Plane, sky: Sky, picture: int) -> None:
    height, width = sky.stars.shape
    tile = textures.wisps()
    rolled = tile[:height, (np.arange(width) + picture * 9) % tile.shape[1]]
    canvas += sky.stars * (np.float32(0.62) + np.float32(0.38) * rolled)


def draw_aurora(canvas: Plane, sky: Sky, frame: Frame, picture: int) -> None:
    rows = round(110 * frame.scale)
    y = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) / np.float32(frame.scale)
    x = np.arange(frame.width, dtype=np.float32) / np.float32(frame.scale)
    tile = textures.clouds()
    for strand, (offset, reach, strength) in enumerate(((0, 30, 0.95), (-17, 22, 0.6))):
        phase = x * 1.6 + 37 * strand + picture * (0.9 + 0.5 * strand)
        edge = sky.curtain[phase.astype(np.int64) % 1024] + np.float32(offset)
        rays = tile[(100 + 90 * strand + picture) % 512, (x * 5 + picture * 2).astype(int) % 1024]
        above = edge - y
        glow = np.exp(-np.maximum(above, 0) / (reach * (0.5 + rays))) * np.clip(above / 5 + 1, 0, 1)
        glow *= np.float32(strength) * (np.float32(0.25) + rays)
        height = np.clip(above / 48, 0, 1)
        canvas[0, :rows] += glow * (0.10 + 0.62 * height)
        canvas[1, :rows] += glow * (0.95 - 0.78 * height)
        canvas[2, :rows] += glow * (0.50 + 0.32 * height)
    np.clip(canvas, 0, 1, out=canvas)


def cloud_layer(sky: Sky, light: Light, picture: int) -> Plane:
    """RGBA rows of the clouds; they start at the top of the picture."""
    tile = textures.clouds()
    moved = sky.cloud_u + np.float32(sky.drift * picture)
    density = _look_up(tile, sky.cloud_v, moved)
    detail = _look_up(tile, sky.cloud_v * 2.3 + 150, moved * 2.3 + np.float32(picture * 0.8))
    lower = _look_up(tile, sky.cloud_v - 14, moved + 5)
    thick = density * np.float32(0.84) + detail * np.float32(0.16)
    alpha = np.clip((thick - np.float32(1 - light.cover)) * np.float32(4.2), 0, 1)
    alpha = alpha * alpha * (3 - 2 * alpha) * sky.cloud_fade
    lit = np.clip(0.62 + (lower - density) * 2.2 - (thick - 0.8) * 0.9, 0, 1)
    rgba = np.empty((4, *alpha.shape), np.float32)
    for channel in range(3):
        dark, bright = light.cloud_dark[channel], light.cloud_lit[channel]
        rgba[channel] = (dark + (bright - dark) * lit) * alpha
    rgba[3] = alpha
    if sky.has_disc:
        # Sun and moon shine through: whoever asks for one must not find it hidden.
        rgba *= 1 - np.float32(0.8) * sky.disc[3, : len(alpha)]
    return rgba


def _grid(frame: Frame) -> tuple[Plane, Plane]:
    y = (np.arange(frame.height, dtype=np.float32)[:, None] + 0.5) / np.float32(frame.scale)
    x = (np.arange(frame.width, dtype=np.float32)[None] + 0.5) / np.float32(frame.scale)
    return y, x


def _gradient(y: Plane, light: Light, clear_y: float) -> Plane:
    position = np.clip(y / (clear_y + 12), 0, 1)
    stops = (0.0, 0.55, 1.0)
    colours = (light.top, light.middle, light.horizon)
    return np.stack([np.interp(position, stops, [c[i] for c in colours]) for i in range(3)]).astype(
        np.float32
    )


def _disc_position(
    frame: Frame, attributes: Attributes, clear_y: float, rng: np.random.Generator
) -> tuple[float, float]:
    wide = frame.units_wide
    if attributes.time == "day" or attributes.sky == "moon":
        return float(rng.uniform(0.2, 0.8) * wide), float(rng.uniform(22, max(30, clear_y * 0.5)))
    side = (0.12, 0.42) if attributes.time == "dawn" else (0.55, 0.88)
    return float(rng.uniform(*side) * wide), float(clear_y - rng.uniform(8, 20))


def _disc(
    base: Plane, distance: Plane, attributes: Attributes, light: Light,
    around: tuple[Plane, Plane], rng: np.random.Generator,
) -> Plane:  # fmt: skip
    """The disc itself; its glow goes straight into the sky."""
    if attributes.sky == "moon":
        radius, colour, glow, reach = rng.uniform(9, 13), (0.96, 0.95, 0.86), (0.5, 0.55, 0.7), 26
    elif attributes.time == "day":
        radius, colour, glow, reach = rng.uniform(10, 13), (1.0, 0.98, 0.86), (1.0, 0.95, 0.8), 34
    elif attributes.time == "dawn":
        radius, colour, glow, reach = rng.uniform(12, 15), (1.0, 0.93, 0.80), (1.0, 0.8, 0.66), 45
    else:
        radius, colour, glow, reach = rng.uniform(14, 18), (1.0, 0.88, 0.45), (1.0, 0.55, 0.2), 55
    halo = np.exp(-np.maximum(distance - radius, 0) / reach) * np.float32(0.55)
    aura = np.asarray(glow, np.float32)[:, None, None]
    base += (aura - base) * halo * np.float32(0.9)
    alpha = np.clip(radius - distance + 0.5, 0, 1)
    face = np.asarray(colour, np.float32)[:, None, None] * np.ones_like(distance)
    if attributes.sky == "moon":
        for dx, dy, spot in ((-0.35, -0.2, 0.34), (0.25, 0.3, 0.28), (0.35, -0.35, 0.2)):
            reach_of = np.hypot(around[0] - dx * radius, around[1] - dy * radius)
            face = face * (1 - 0.17 * np.clip((spot * radius - reach_of) / 2 + 0.5, 0, 1))
    return np.concatenate([face * alpha, alpha[None]]).astype(np.float32)


def _stars(frame: Frame, attributes: Attributes, clear_y: float, rng: np.random.Generator) -> Plane:
    plane = np.zeros((frame.height, frame.width), np.float32)
    if attributes.time not in {"night", "dusk"} or attributes.weather != "clear":
        return plane
    many = attributes.sky == "stars"
    if not many and attributes.time == "dusk":
        return plane
    count = int(rng.integers(120, 170)) if many else 22
    rows = rng.uniform(0, (clear_y + 10) * frame.scale, count)
    columns = rng.uniform(0, frame.width, count)
    level = rng.uniform(0.45, 1.0, count) ** 1.3 * (1.0 if many else 0.55)
    radius = (0.5 + (0.65 if many else 0.4) * level) * max(1.0, frame.scale)
    for dy in range(-2, 4):
        for dx in range(-2, 4):
            row, column = rows.astype(int) + dy, columns.astype(int) + dx
            inside = (row >= 0) & (row < frame.height) & (column >= 0) & (column < frame.width)
            squared = (row - rows) ** 2 + (column - columns) ** 2
            value = level * np.exp(-squared / (2 * radius**2))
            np.maximum.at(plane, (row[inside], column[inside]), value[inside].astype(np.float32))
    if many:
        plane += _milky_way(frame, rng)
    return plane


def _milky_way(frame: Frame, rng: np.random.Generator) -> Plane:
    y, x = _grid(frame)
    lean, start = rng.uniform(0.5, 1.0) * rng.choice([-1, 1]), rng.uniform(0.3, 0.7)
    across = (x - start * frame.units_wide) - lean * (60 - y)
    tile = textures.clouds()
    rows, columns = np.arange(frame.height)[:, None] * 2, np.arange(frame.width)[None] * 2
    dust = tile[rows % 512, (columns + int(rng.integers(1024))) % 1024]
    return (np.exp(-((across / 26) ** 2)) * (0.10 + 0.36 * dust)).astype(np.float32)


def _rainbow(
    frame: Frame, x: Plane, y: Plane, clear_y: float, rng: np.random.Generator, *, shown: bool
) -> Plane:
    if not shown:
        return np.zeros((4, 1, 1), np.float32)
    radius = rng.uniform(88, 110)
    centre = rng.uniform(0.3, 0.7) * frame.units_wide
    across = (np.hypot(x - centre, y - (clear_y + 28)) - radius) / 16
    band = np.clip(across, 0, 1)
    stops = np.linspace(0, 1, 6)
    hues = ((0.50, 0.25, 0.85), (0.2, 0.45, 1.0), (0.2, 0.85, 0.4),
            (1.0, 0.95, 0.25), (1.0, 0.6, 0.15), (1.0, 0.2, 0.2))  # fmt: skip
    rgb = np.stack([np.interp(band, stops, [h[i] for h in hues]) for i in range(3)])
    alpha = np.clip(across * 4 + 0.5, 0, 1) * np.clip((1 - across) * 4 + 0.5, 0, 1) * 0.74
    return np.concatenate([rgb * alpha, alpha[None]]).astype(np.float32)


def _cloud_plane(
    y: Plane, x: Plane, clear_y: float, rng: np.random.Generator
) -> tuple[Plane, Plane, Plane]:
    """Texture coordinates of a ceiling of cloud seen from below, with the horizon far away."""
    down = np.maximum(clear_y + 30 - y, 6)
    distance = 95 / (down + 22)
    middle = x.mean()
    u = (x - middle) * 3.1 * distance + np.float32(rng.uniform(0, 1024))
    v = 330 * distance + np.float32(rng.uniform(0, 512))
    fade = np.clip((clear_y + 24 - y) / 40, 0, 1) ** 0.7
    return u.astype(np.float32), v.astype(np.float32), fade.astype(np.float32)


def _look_up(tile: Plane, v: Plane, u: Plane) -> Plane:
    rows = v.astype(np.int32) & (tile.shape[0] - 1)
    columns = u.astype(np.int32) & (tile.shape[1] - 1)
    return tile[rows, columns]


def sun_colour(light: Light, attributes: Attributes) -> Colour:
    """What a low sun or the moon paints on water."""
    if attributes.sky == "moon":
        return np.array([0.75, 0.8, 0.95], np.float32)
    return np.clip(light.horizon * 1.1 + 0.08, 0, 1).astype(np.float32)

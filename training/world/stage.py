"""A scene made ready to be pictured: layers painted, actors placed; then one picture at a time.

Decides the order in which things are laid over each other and what the camera does to them.
Knows nothing of captions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world import water, weather
from training.world.actor import Actor
from training.world.attributes import Attributes
from training.world.biomes import build
from training.world.flyers import flyers_of
from training.world.layers import Frame, Panorama, Plane, lay, place, stamp
from training.world.light import Light, light_of
from training.world.site import CLEAR_Y, Land, Site
from training.world.sky import (
    Sky,
    cloud_layer,
    draw_aurora,
    draw_stars,
    paint_sky,
    sun_colour,
)
from training.world.style import stylise
from training.world.subjects import subjects_of
from training.world.tokens import TokenSum

_PAN, _RISE, _ZOOM = 3.0, 1.3, 0.012  # per picture: units, units, share; for the nearest layer


@dataclass(frozen=True, slots=True)
class Camera:
    pan: float
    rise: float
    zoom: float
    centre: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stage:
    frame: Frame
    attributes: Attributes
    light: Light
    sky: Sky
    land: Land
    surface: water.Surface | None
    flyers: tuple[Actor, ...]
    subjects: tuple[Actor, ...]
    pictures: int
    pace: float
    lean: float
    strike: int | None
    bolt: Plane


def set_up(attributes: Attributes, seed: int, *, pictures: int, height: int, width: int) -> Stage:
    """Everything that is painted once for the clip."""
    rng = np.random.default_rng([seed, 7])
    pace = float(rng.uniform(0.7, 1.3))
    scale = height / 192
    margin = _PAN * 1.3 * pictures / 2 + 2 if attributes.camera.startswith("pan") else 0
    frame = Frame(height, width, margin=margin, scale=scale)
    light = light_of(attributes, rng)
    clear_y = CLEAR_Y[attributes.biome]
    sky = paint_sky(frame, attributes, light, clear_y, np.random.default_rng([seed, 8]))
    land = build(Site(frame, light, np.random.default_rng([seed, 9]), attributes))
    surface = None
    if land.water is not None:
        shines = attributes.sky in {"sun", "moon"} and attributes.time != "day"
        surface = water.surface_of(
            frame, land.water, light, glint_x=sky.sun_at[0] if shines else None,
            glint_colour=sun_colour(light, attributes), rng=rng,
        )  # fmt: skip
    stormy = attributes.weather == "storm"
    actors = np.random.default_rng([seed, 10])
    return Stage(
        frame, attributes, light, sky, land, surface,
        flyers=flyers_of(frame, attributes, light, clear_y, actors),
        subjects=subjects_of(frame, attributes, light, land, actors),
        pictures=pictures, pace=pace, lean=float(rng.uniform(-0.6, 0.6)),
        strike=_strike(rng, pictures) if stormy else None,
        bolt=weather.bolt(height, width, (clear_y + 8) * scale, rng) if stormy else sky.stars,
    )  # fmt: skip


def _strike(rng: np.random.Generator, pictures: int) -> int | None:
    """The picture at which lightning strikes, in most storms."""
    return int(rng.integers(1, max(2, pictures - 2))) if rng.random() < 0.6 else None


def picture_of(stage: Stage, picture: int, tokens: TokenSum | None) -> Plane:
    """One picture, [3, H, W] in 0…1; `tokens` collects what is seen where."""
    canvas = stage.sky.base.copy()
    camera = _camera(stage, picture)
    _draw_heaven(canvas, stage, picture, tokens)
    for actor in stage.flyers:
        _draw_actor(canvas, stage, actor, camera, picture, tokens)
    _draw_layers(canvas, stage, stage.land.back, camera, tokens)
    if stage.surface is not None:
        water.draw_water(canvas, stage.surface, picture)
        if tokens is not None:
            tokens.water(stage.surface.top, stage.surface.depth)
    _draw_layers(canvas, stage, stage.land.middle, camera, tokens)
    for actor in stage.subjects:
        _draw_actor(canvas, stage, actor, camera, picture, tokens)
    _draw_layers(canvas, stage, stage.land.front, camera, tokens)
    _draw_air(canvas, stage, picture)
    finished = stylise(np.clip(canvas, 0, 1), stage.attributes.style)
    if tokens is not None:
        tokens.light(finished)
    return finished


def _camera(stage: Stage, picture: int) -> Camera:
    kind, pace = stage.attributes.camera, stage.pace
    since_middle = picture - (stage.pictures - 1) / 2
    pan = {"pan right": 1.0, "pan left": -1.0}.get(kind, 0.0) * _PAN * pace * since_middle
    horizon = (CLEAR_Y[stage.attributes.biome] + 8) * stage.frame.scale
    return Camera(
        pan=pan * stage.frame.scale,
        rise=_RISE * pace * picture * stage.frame.scale if kind == "rise" else 0.0,
        zoom=_ZOOM * pace * picture if kind == "forward" else 0.0,
        centre=(stage.frame.width / 2, horizon),
    )


def _draw_heaven(canvas: Plane, stage: Stage, picture: int, tokens: TokenSum | None) -> None:
    sky = stage.sky
    if sky.has_stars:
        draw_stars(canvas, sky, picture)
    if sky.aurora:
        draw_aurora(canvas, sky, stage.frame, picture)
    if sky.has_disc:
        lay(canvas, sky.disc, 0)
    clouds = cloud_layer(sky, stage.light, picture)
    lay(canvas, clouds, 0)
    if sky.has_arc:
        lay(canvas, sky.arc, 0)
    strength = weather.lightning_strength(stage.strike, picture)
    if strength:
        weather.draw_flash(canvas, strength)
        bright = np.array([0.95, 0.95, 1.0], np.float32)[:, None, None]
        canvas += (bright - canvas) * stage.bolt * np.float32(min(1.0, strength * 1.3))
    if stage.land.crater is not None:
        weather.draw_plume(canvas, stage.light, stage.land.crater, picture, stage.lean)
    if tokens is not None:
        if sky.has_disc:
            tokens.over("celestial", sky.disc[3], 0, 0, depth=1.0)
        tokens.over("cloud", clouds[3], 0, 0, depth=0.95)


def _draw_layers(
    canvas: Plane, stage: Stage, layers: list[Panorama], camera: Camera, tokens: TokenSum | None
) -> None:
    for layer in layers:
        placed = place(
            layer, width=stage.frame.width, height=stage.frame.height,
            shift=(camera.pan * layer.near, camera.rise * layer.near),
            zoom=1 + camera.zoom * layer.near, centre=camera.centre,
        )  # fmt: skip
        if placed is None:
            continue
        lay(canvas, *placed)
        if tokens is not None:
            tokens.over(layer.kind, placed[0][3], placed[1], 0, depth=layer.depth)


def _draw_actor(
    canvas: Plane, stage: Stage, actor: Actor, camera: Camera, picture: int,
    tokens: TokenSum | None,
) -> None:  # fmt: skip
    drawing, scale = actor.drawing(picture), stage.frame.scale
    zoom = 1 + camera.zoom * actor.near
    x, y = (value * scale for value in actor.position(picture))
    foot_x = (x - camera.pan * actor.near - camera.centre[0]) * zoom + camera.centre[0]
    foot_y = (y - camera.centre[1]) * zoom + camera.centre[1] + camera.rise * actor.near
    corner = foot_x - drawing.shape[2] / 2 * zoom, foot_y - drawing.shape[1] * zoom
    if actor.beam_from is not None:
        _draw_beam(canvas, stage, (foot_x, foot_y + actor.beam_from[1] * scale), actor, picture)
    if stage.attributes.subject == "sailboat" and actor.kind == "subject" and actor.near == 0.5:
        # Its mirror image, pressed together by the view along the water.
        mirror = np.ascontiguousarray(drawing[:, ::-2]) * np.float32(0.4)
        stamp(canvas, mirror, at=(corner[0], foot_y - 2), zoom=zoom)
    placed = stamp(canvas, drawing, at=corner, zoom=zoom)
    if tokens is not None and placed is not None:
        tokens.over(actor.kind, placed[2], placed[0], placed[1], depth=actor.depth)


def _draw_beam(
    canvas: Plane, stage: Stage, at: tuple[float, float], actor: Actor, picture: int
) -> None:
    """A lighthouse beam swings: seen from the side it grows and shrinks."""
    swing = np.cos(picture * 0.22 + actor.phase)
    y = np.arange(canvas.shape[1], dtype=np.float32)[:, None] - at[1]
    x = (np.arange(canvas.shape[2], dtype=np.float32)[None] - at[0]) / np.float32(swing or 1e-3)
    reach = np.maximum(x, 1e-3)
    glow = np.clip(1.2 - np.abs(y) / (2 + 0.09 * reach), 0, 1) * np.exp(-reach / 170) * (x > 0)
    glow += np.exp(-(y * y + (x * swing) ** 2) / 60)
    strength = np.float32(0.6 if stage.light.lamps else 0.35)
    colour = np.array([1.0, 0.94, 0.68], np.float32)[:, None, None]
    canvas += (colour - canvas) * np.clip(glow * strength, 0, 1).astype(np.float32)


def _draw_air(canvas: Plane, stage: Stage, picture: int) -> None:
    kind = stage.attributes.weather
    if kind == "fog":
        weather.draw_fog(canvas, stage.light, picture)
    elif kind in {"rain", "storm"}:
        weather.draw_rain(canvas, stage.light, picture, heavy=kind == "storm")
    elif kind == "snow":
        weather.draw_snow(canvas, stage.light, picture)

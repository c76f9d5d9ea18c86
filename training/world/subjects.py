"""Things to look at on land and water: boat, lighthouse, cabin, train, car, windmill.

Decides their shape and motion. Knows nothing of the layers around them.
"""

from __future__ import annotations

import numpy as np

from training.world.actor import Actor
from training.world.attributes import Attributes
from training.world.layers import Drawing, Frame, Plane
from training.world.light import Light
from training.world.settlement import LAMP, house
from training.world.site import Land


def subjects_of(
    frame: Frame, attributes: Attributes, light: Light, land: Land, rng: np.random.Generator
) -> tuple[Actor, ...]:
    if attributes.subject == "none":
        return ()
    draw = {
        "sailboat": _sailboat, "lighthouse": _lighthouse, "cabin": _cabin,
        "train": _train, "car": _car, "windmill": _windmill,
    }[attributes.subject]  # fmt: skip
    return (draw(frame, attributes, light, land, rng),)


def _spot(frame: Frame, land: Land, rng: np.random.Generator, low: float, high: float) -> float:
    share = rng.uniform(low, high) if land.stand_x is None else land.stand_x
    return share * frame.units_wide


def _sailboat(
    frame: Frame, attributes: Attributes, light: Light, land: Land, rng: np.random.Generator
) -> Actor:
    size = rng.uniform(30, 44)
    drawing = Drawing(frame.cut(size, size * 1.2), near=0, depth=0, kind="subject")
    depth = land.subject_depth
    sail = light.shade((1.0, 0.97, 0.92) if rng.random() < 0.65 else (0.92, 0.32, 0.22), depth)
    hull = light.shade((0.42, 0.22, 0.14), depth)
    mast, deck = size * 0.5, size
    drawing.polygon([(mast - 0.8, deck * 0.04), (mast - 0.8, deck * 0.9), (deck * 0.1, deck * 0.9)],
                    sail * np.float32(0.86))  # fmt: skip
    drawing.polygon(
        [(mast + 1, deck * 0.1), (mast + 1, deck * 0.9), (deck * 0.86, deck * 0.9)], sail
    )
    drawing.stroke([(mast, 1), (mast, deck)], 1.1, hull)
    bow, stern = (deck * 0.94, deck * 0.94), (deck * 0.1, deck * 0.94)
    drawing.polygon([stern, bow, (deck * 0.8, deck * 1.13), (deck * 0.22, deck * 1.13)], hull)
    if light.lamps:
        drawing.ellipse(mast + 4, deck * 0.92, 1.6, 1.6, LAMP)
    direction = rng.choice([-1.0, 1.0])
    start = rng.uniform(0.25, 0.75)
    speed = direction * rng.uniform(0.4, 1.1)
    at = (start * frame.units_wide, land.stand_y + 6)
    phase = rng.uniform(0, 6)
    return Actor((drawing.sheet(),), at, (speed, 0), 1.1, 0.5, depth, phase=phase)


def _lighthouse(
    frame: Frame, attributes: Attributes, light: Light, land: Land, rng: np.random.Generator
) -> Actor:
    drawing = Drawing(frame.cut(30, 66), near=0, depth=0, kind="subject")
    depth = 0.15
    white = light.shade((0.97, 0.96, 0.93), depth)
    red, dark = light.shade((0.84, 0.18, 0.15), depth), light.shade((0.25, 0.25, 0.3), depth)
    for step in range(5):
        y0, y1 = 17 + step * 9.6, 17 + (step + 1) * 9.6
        half0, half1 = 4.2 + step * 0.6, 4.2 + (step + 1) * 0.6
        drawing.polygon([(15 - half0, y0), (15 + half0, y0), (15 + half1, y1), (15 - half1, y1)],
                        white if step % 2 == 0 else red)  # fmt: skip
    drawing.box(9, 15.5, 21, 17.5, dark)
    glows = light.lamps or attributes.weather in {"fog", "storm", "rain"}
    drawing.box(11.5, 9, 18.5, 15.5, np.array([1, 0.95, 0.65], np.float32) if glows else white)
    drawing.polygon([(10, 9), (20, 9), (15, 3)], red)
    x = _spot(frame, land, rng, 0.4, 0.6)
    return Actor((drawing.sheet(),), (x, 88.0), (0, 0), 0, land.stand_near, depth,
                 phase=rng.uniform(0, 6), beam_from=(0.0, -54.0) if glows else None)  # fmt: skip


def _cabin(
    frame: Frame, attributes: Attributes, light: Light, land: Land, rng: np.random.Generator
) -> Actor:
    size = rng.uniform(30, 40)
    drawing = Drawing(frame.cut(size * 1.4, size * 1.3), near=0, depth=0, kind="subject")
    white = attributes.weather == "snow" or attributes.season == "winter"
    chimney = light.shade((0.45, 0.28, 0.24), 0.1)
    drawing.box(size * 0.95, size * 0.12, size * 1.08, size * 0.6, chimney)
    house(drawing, light, (size * 0.7, size * 1.25), (size, size * 0.62), depth=0.08, rng=rng,
          white=white)  # fmt: skip
    shore = land.water is not None and attributes.biome == "lake"
    y = 182.0 if shore else land.stand_y + 4
    return Actor((drawing.sheet(),), (rng.uniform(0.25, 0.75) * frame.units_wide, y), (0, 0), 0,
                 0.85 if shore else 0.6, 0.08)  # fmt: skip


def _train(
    frame: Frame, attributes: Attributes, light: Light, land: Land, rng: np.random.Generator
) -> Actor:
    cars = 5
    drawing = Drawing(frame.cut(cars * 27.0 + 8, 24), near=0, depth=0, kind="subject")
    depth = land.subject_depth
    body_of = ((0.75, 0.16, 0.14), (0.14, 0.36, 0.62), (0.16, 0.46, 0.30))[int(rng.integers(3))]
    body, stripe = light.shade(body_of, depth), light.shade((0.95, 0.88, 0.72), depth)
    roof, wheel = light.shade((0.4, 0.4, 0.44), depth), light.shade((0.1, 0.1, 0.12), depth)
    pane = LAMP if light.lamps else light.shade((0.62, 0.75, 0.85), depth)
    forward = rng.choice([-1.0, 1.0])
    for number in range(cars):
        x = 4 + number * 27.0
        drawing.box(x, 5, x + 25.5, 18, body)
        drawing.box(x, 3.5, x + 25.5, 6, roof)
        drawing.box(x, 14, x + 25.5, 15.5, stripe)
        for window in range(4):
            drawing.box(x + 2.5 + window * 5.8, 7.5, x + 6 + window * 5.8, 12, pane)
        for dx in (5, 20):
            drawing.ellipse(x + dx, 19, 2.4, 2.4, wheel)
    nose = (cars * 27 + 3.5) if forward > 0 else 4
    drawing.ellipse(nose - forward * 1.5, 15, 1.6, 1.6, LAMP)
    drawing.box(0, 21, cars * 27 + 8, 22.5, wheel)
    start = 0.12 if forward > 0 else 0.88
    at, speed = (start * frame.units_wide, land.stand_y), (forward * rng.uniform(3, 5), 0.0)
    return Actor((drawing.sheet(),), at, speed, 0, 0.6, depth)


def _car(
    frame: Frame, attributes: Attributes, light: Light, land: Land, rng: np.random.Generator
) -> Actor:
    drawing = Drawing(frame.cut(66, 24), near=0, depth=0, kind="subject")
    albedo = ((0.85, 0.14, 0.12), (0.98, 0.80, 0.16), (0.16, 0.42, 0.80), (0.95, 0.95, 0.95))
    body = light.shade(albedo[int(rng.integers(4))], 0.05)
    glass, wheel = light.shade((0.35, 0.48, 0.58), 0.05), light.shade((0.08, 0.08, 0.1), 0.05)
    drawing.polygon([(20, 11), (25, 3.5), (38, 3.5), (45, 11)], body)
    drawing.polygon([(22.5, 10.5), (26.2, 5), (31, 5), (31, 10.5)], glass)
    drawing.polygon([(32.5, 10.5), (32.5, 5), (37.2, 5), (42, 10.5)], glass)
    drawing.polygon([(14, 11), (48, 11), (52, 14), (52, 19), (13, 19)], body)
    for x in (22.5, 43.5):
        drawing.ellipse(x, 19, 4.2, 4.2, wheel)
        drawing.ellipse(x, 19, 1.8, 1.8, light.shade((0.7, 0.7, 0.72), 0.05))
    drawing.ellipse(51, 14.5, 1.8, 1.6, np.array([1, 0.97, 0.8], np.float32))
    drawing.ellipse(13.8, 14.5, 1.2, 1.6, np.array([0.95, 0.15, 0.1], np.float32))
    picture, forward = drawing.sheet(), rng.choice([-1.0, 1.0])
    if light.lamps:
        picture = _headlight(picture, frame)
    if forward < 0:
        picture = np.ascontiguousarray(picture[:, :, ::-1])
    start = 0.2 if forward > 0 else 0.8
    return Actor((picture,), (start * frame.units_wide, land.stand_y + 4),
                 (forward * rng.uniform(3, 5.5), 0), 0.3, 0.8, 0.05)  # fmt: skip


def _headlight(picture: Plane, frame: Frame) -> Plane:
    y = np.arange(picture.shape[1])[:, None] / frame.scale - 14.5
    x = np.arange(picture.shape[2])[None] / frame.scale - 53
    cone = np.clip(1 - np.abs(y) / (1.5 + np.maximum(x, 0) * 0.4), 0, 1) * (x > 0)
    glow = (cone * np.exp(-np.maximum(x, 0) / 9) * 0.6).astype(np.float32)
    light = np.array([1.0, 0.92, 0.62], np.float32)[:, None, None] * glow
    free = 1 - picture[3]
    return np.concatenate([picture[:3] + light * free, (picture[3] + glow * 0.4 * free)[None]])


def _windmill(
    frame: Frame, attributes: Attributes, light: Light, land: Land, rng: np.random.Generator
) -> Actor:
    depth, speed = 0.12, rng.uniform(0.8, 1.4)
    tower, cap = light.shade((0.93, 0.88, 0.78), depth), light.shade((0.55, 0.26, 0.2), depth)
    arm, cloth = light.shade((0.32, 0.24, 0.2), depth), light.shade((0.97, 0.95, 0.9), depth)
    cycle = []
    for step in range(24):
        drawing = Drawing(frame.cut(64, 82), near=0, depth=0, kind="subject")
        drawing.polygon([(26, 32), (38, 32), (42, 82), (22, 82)], tower)
        drawing.polygon([(25, 33), (39, 33), (32, 22)], cap)
        drawing.box(30, 66, 34.5, 82, arm)
        for blade in range(4):
            angle = (step / 24 + blade) * np.pi / 2
            along = np.array([np.cos(angle), np.sin(angle)])
            side = np.array([-along[1], along[0]])
            hub = np.array([32.0, 31.0])
            corners = [
                hub + along * a + side * s for a, s in ((7, 0), (29, 0), (29, 5.5), (7, 5.5))
            ]
            drawing.polygon([(float(c[0]), float(c[1])) for c in corners], cloth)
            tip = hub + along * 30
            drawing.stroke([(32, 31), (float(tip[0]), float(tip[1]))], 1.3, arm)
        cycle.append(drawing.sheet())
    x = rng.uniform(0.25, 0.75) * frame.units_wide
    return Actor(tuple(cycle), (x, land.stand_y + 4), (0, 0), 0, 0.6, depth, cycle_speed=speed)

"""What flies: hot-air balloons and flocks of birds. Decides their shape and motion."""

from __future__ import annotations

import numpy as np

from training.world.actor import Actor
from training.world.attributes import Attributes
from training.world.layers import Drawing, Frame, Plane
from training.world.light import Light

_CANVASES = (
    ((0.88, 0.20, 0.18), (0.98, 0.85, 0.30)), ((0.18, 0.42, 0.80), (0.95, 0.95, 0.95)),
    ((0.94, 0.52, 0.12), (0.55, 0.20, 0.55)), ((0.20, 0.62, 0.45), (0.98, 0.90, 0.60)),
)  # fmt: skip
FLAP_PHASES = 8


def flyers_of(
    frame: Frame, attributes: Attributes, light: Light, clear_y: float, rng: np.random.Generator
) -> tuple[Actor, ...]:
    if attributes.sky == "balloons":
        return _balloons(frame, light, clear_y, rng)
    return _flock(frame, light, clear_y, rng) if attributes.sky == "birds" else ()


def _balloons(
    frame: Frame, light: Light, clear_y: float, rng: np.random.Generator
) -> tuple[Actor, ...]:
    actors, count = [], int(rng.integers(3, 6))
    lanes = rng.permutation(count)
    for number in range(count):
        size = rng.uniform(15, 34) * (1.15 - 0.1 * number)
        depth = float(np.clip(0.55 - size / 70, 0.05, 0.4))
        drawing = Drawing(frame.cut(size, size * 1.45), near=0, depth=0, kind="subject")
        one, two = (light.shade(c, depth) for c in _CANVASES[int(rng.integers(4))])
        middle = size / 2
        skirt = [(0.1, 0.66), (0.9, 0.66), (0.58, 1.08), (0.42, 1.08)]
        drawing.polygon([(size * x, size * y) for x, y in skirt], one)
        for share, colour in ((0.47, one), (0.33, two), (0.2, one), (0.08, two)):
            drawing.ellipse(middle, size * 0.48, size * share, size * 0.46, colour)
        drawing.box(middle - size * 0.08, size * 1.18, middle + size * 0.08, size * 1.34,
                    light.shade((0.4, 0.26, 0.16), depth))  # fmt: skip
        x = (lanes[number] + rng.uniform(0.25, 0.75)) / count * frame.units_wide
        y = rng.uniform(size * 1.4 + 4, clear_y + 8)
        speed = rng.uniform(-0.3, 0.3), rng.uniform(-0.6, -0.15)
        phase = rng.uniform(0, 6)
        actors.append(Actor((drawing.sheet(),), (x, y), speed, 0.5, 0.2, depth, phase=phase))
    return tuple(actors)


def _flock(
    frame: Frame, light: Light, clear_y: float, rng: np.random.Generator
) -> tuple[Actor, ...]:
    ink = light.shade((0.13, 0.13, 0.17), 0.1)
    forward, speed = rng.choice([-1.0, 1.0]), rng.uniform(1.2, 2.2)
    # The others follow the leader, so it starts ahead of the middle: the flock stays in view.
    ahead = forward * rng.uniform(0.0, 0.25)
    lead = (0.5 + ahead) * frame.units_wide, rng.uniform(26, clear_y * 0.75)
    size = rng.uniform(15, 21)
    cycle = tuple(_bird(frame, ink, size, phase) for phase in range(FLAP_PHASES))
    actors = []
    for number in range(int(rng.integers(6, 10))):
        row = (number + 1) // 2 * (1 if number % 2 else -1)
        x = lead[0] - forward * abs(row) * size * 0.95 + rng.uniform(-3, 3)
        y = lead[1] + row * size * 0.45 + rng.uniform(-2, 2)
        actors.append(Actor(cycle, (x, y), (forward * speed, -0.1), 0.8, 0.15, 0.3,
                            phase=rng.uniform(0, FLAP_PHASES), cycle_speed=0.9))  # fmt: skip
    return tuple(actors)


def _bird(frame: Frame, ink: Plane, size: float, phase: int) -> Plane:
    drawing = Drawing(frame.cut(size, size), near=0, depth=0, kind="subject")
    lift = np.sin(2 * np.pi * phase / FLAP_PHASES) * size * 0.26
    middle = size / 2
    for side in (-1, 1):
        elbow = (middle + side * size * 0.22, middle - lift * 0.75 - 1)
        tip = (middle + side * size * 0.46, middle - lift * 0.6 + 0.5)
        drawing.stroke([(middle, middle), elbow, tip], size * 0.13, ink)
    drawing.ellipse(middle, middle, size * 0.1, size * 0.07, ink)
    return drawing.sheet()

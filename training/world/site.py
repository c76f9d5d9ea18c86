"""Where a biome's builder starts: its frame and light, the land it fills, and common ground.

Decides own colours by season and the layers that several biomes share.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as default

import numpy as np

from training.world.attributes import Attributes
from training.world.land import Albedo, conifers, curve, field, ridge, round_trees
from training.world.layers import Frame, Panorama, Plane
from training.world.light import Light


@dataclass(frozen=True, slots=True)
class Water:
    """A flat surface from `top` to `bottom` (units) that mirrors what stands above `top`."""

    top: float
    bottom: float
    albedo: Albedo
    waves: float


@dataclass(slots=True)
class Land:
    """Layers behind the water, between water and subject, and before the subject."""

    back: list[Panorama] = default(default_factory=list)
    middle: list[Panorama] = default(default_factory=list)
    front: list[Panorama] = default(default_factory=list)
    water: Water | None = None
    stand_y: float = 140.0  # where a subject stands or floats
    stand_x: float | None = None  # a share of the width, where only one place will do
    stand_near: float = 0.5
    crater: tuple[float, float] | None = None
    subject_depth: float = 0.15


@dataclass(frozen=True, slots=True)
class Site:
    """What a builder may use."""

    frame: Frame
    light: Light
    rng: np.random.Generator
    attributes: Attributes

    @property
    def white(self) -> bool:
        return self.attributes.weather == "snow" or self.attributes.season == "winter"


# Height above which the sky is open, in units, so that sun, stars and balloons are seen.
CLEAR_Y = {
    "coast": 96, "ocean": 102, "lake": 74, "mountains": 58, "desert": 92, "forest": 62,
    "meadow": 92, "city": 62, "arctic": 84, "canyon": 64, "island": 100, "village": 82,
    "volcano": 88, "savanna": 98,
}  # fmt: skip
_GREENS: dict[str, tuple[Albedo, Albedo]] = {
    "spring": ((0.46, 0.76, 0.26), (0.66, 0.84, 0.34)),
    "summer": ((0.24, 0.58, 0.20), (0.44, 0.68, 0.24)),
    "autumn": ((0.74, 0.55, 0.22), (0.82, 0.66, 0.30)),
    "winter": ((0.88, 0.91, 0.97), (0.80, 0.85, 0.94)),
}
_CROWNS: dict[str, tuple[Albedo, ...]] = {
    "spring": ((0.98, 0.70, 0.80), (0.55, 0.80, 0.35), (0.99, 0.80, 0.86)),
    "summer": ((0.20, 0.50, 0.18), (0.28, 0.58, 0.22)),
    "autumn": ((0.92, 0.42, 0.10), (0.95, 0.62, 0.12), (0.78, 0.22, 0.12)),
    "winter": ((0.85, 0.88, 0.95),),
}


def greens(site: Site) -> tuple[Albedo, Albedo]:
    if site.white:
        return _GREENS["winter"]
    return _GREENS[site.attributes.season if site.attributes.season != "none" else "summer"]


def crowns(site: Site) -> tuple[Albedo, ...]:
    return _CROWNS[site.attributes.season if site.attributes.season != "none" else "summer"]


def peaks(
    site: Site, *, base: float, height: float, near: float, depth: float, albedo: Albedo,
    snow: float, waves: int = 5,
) -> Panorama:  # fmt: skip
    line = curve(site.frame, site.rng, near=near, base=base, height=height, waves=waves, octaves=5)
    return ridge(
        site.frame, site.light, line, near=near, depth=depth, albedo=albedo, snow=snow,
        from_left=site.attributes.time != "sunset",
    )  # fmt: skip


def meadow_layer(
    site: Site, *, base: float, height: float, near: float, depth: float, waves: int = 3
) -> tuple[Panorama, Plane]:
    line = curve(site.frame, site.rng, near=near, base=base, height=height, waves=waves, octaves=2)
    one, two = greens(site)
    layer = field(
        site.frame, site.light, line, near=near, depth=depth, albedo=one, second=two, relief=0.3
    )
    return layer, line


def wood(site: Site, line: Plane, *, near: float, depth: float, size: float, gap: float,
          leafy: bool | None = None) -> Panorama:  # fmt: skip
    leafy = site.attributes.season in {"autumn", "spring"} if leafy is None else leafy
    if leafy:
        return round_trees(
            site.frame, site.light, line, site.rng, near=near, depth=depth, albedos=crowns(site),
            size=size * 0.9, gap=gap * 1.3, bare=site.attributes.season == "winter",
        )  # fmt: skip
    albedo: Albedo = (0.36, 0.46, 0.46) if site.white else (0.10, 0.32, 0.20)
    return conifers(site.frame, site.light, line, site.rng, near=near, depth=depth,
                    albedo=albedo, size=size, gap=gap, snowy=site.white)  # fmt: skip


def cut_below(layer: Panorama, frame: Frame, y: float) -> Panorama:
    """End a layer softly at a waterline; it must not reach the picture's foot."""
    end = round(y * frame.scale) - layer.top
    rgba = layer.rgba[:, : max(2, end)].copy()
    rgba[:, -2:] *= np.array([0.7, 0.3], np.float32)[None, :, None]
    return Panorama(rgba, layer.top, layer.near, layer.depth, layer.kind, layer.extra)

"""Which layers each biome is made of, from far to near.

Decides composition and own colours. Knows nothing of weather beyond the light it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as default

import numpy as np

from training.world.attributes import Attributes
from training.world.land import (
    Albedo,
    conifers,
    curve,
    dune,
    field,
    ridge,
    round_trees,
    strata,
    towers,
)
from training.world.layers import Frame, Panorama
from training.world.light import Light
from training.world.plants import acacias, cacti, icebergs, palms
from training.world.settlement import houses, lava


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


def build(site: Site) -> Land:
    return _BUILDERS[site.attributes.biome](site)


def _greens(site: Site) -> tuple[Albedo, Albedo]:
    if site.white:
        return _GREENS["winter"]
    return _GREENS[site.attributes.season if site.attributes.season != "none" else "summer"]


def _crowns(site: Site) -> tuple[Albedo, ...]:
    return _CROWNS[site.attributes.season if site.attributes.season != "none" else "summer"]


def _peaks(
    site: Site, *, base: float, height: float, near: float, depth: float, albedo: Albedo,
    snow: float, waves: int = 5,
) -> Panorama:  # fmt: skip
    line = curve(site.frame, site.rng, near=near, base=base, height=height, waves=waves, octaves=5)
    return ridge(
        site.frame, site.light, line, near=near, depth=depth, albedo=albedo, snow=snow,
        from_left=site.attributes.time != "sunset",
    )  # fmt: skip


def _meadow_layer(
    site: Site, *, base: float, height: float, near: float, depth: float, waves: int = 3
) -> tuple[Panorama, np.ndarray]:
    line = curve(site.frame, site.rng, near=near, base=base, height=height, waves=waves, octaves=2)
    one, two = _greens(site)
    layer = field(
        site.frame, site.light, line, near=near, depth=depth, albedo=one, second=two, relief=0.3
    )
    return layer, line


def _coast(site: Site) -> Land:
    land = Land(water=Water(104, 172, (0.07, 0.36, 0.46), 1.0), stand_y=128, subject_depth=0.25)
    land.back.append(
        _peaks(site, base=97, height=13, near=0.12, depth=0.75, albedo=(0.36, 0.42, 0.36), snow=0)
    )
    side = 1 if site.rng.random() < 0.5 else -1
    land.middle.append(_headland(site, side))
    land.stand_x, land.stand_near = 0.5 + 0.38 * side, 0.4
    shore = curve(site.frame, site.rng, near=0.9, base=162, height=7, waves=2, octaves=2)
    foam = field(
        site.frame, site.light, shore - 2.5, near=0.9, depth=0.02, albedo=(0.95, 0.97, 1.0)
    )
    sand: Albedo = (0.9, 0.92, 0.97) if site.white else (0.90, 0.78, 0.56)
    beach = field(site.frame, site.light, shore, near=0.9, depth=0.0, albedo=sand, second=sand)
    land.front += [foam, beach]
    return land


def _headland(site: Site, side: int) -> Panorama:
    near = 0.4
    columns = site.frame.columns(near) / site.frame.units_wide
    across = columns if side > 0 else 1 - columns
    bumps = curve(site.frame, site.rng, near=near, base=0, height=4, waves=9)
    line = 126 - 44 / (1 + np.exp(-(across - 0.76) * 22)) + bumps * (across > 0.55)
    line = np.where(across < 0.6, 230, line).astype(np.float32)
    albedo: Albedo = (0.86, 0.89, 0.95) if site.white else (0.36, 0.47, 0.26)
    steep = ridge(site.frame, site.light, np.minimum(line, 230), near=near, depth=0.22,
                  albedo=albedo, relief=0.5)  # fmt: skip
    return _cut_below(steep, site.frame, 131)


def _cut_below(layer: Panorama, frame: Frame, y: float) -> Panorama:
    """End a layer softly at a waterline; it must not reach the picture's foot."""
    end = round(y * frame.scale) - layer.top
    rgba = layer.rgba[:, : max(2, end)].copy()
    rgba[:, -2:] *= np.array([0.7, 0.3], np.float32)[None, :, None]
    return Panorama(rgba, layer.top, layer.near, layer.depth, layer.kind, layer.extra)


def _ocean(site: Site) -> Land:
    return Land(water=Water(108, 192, (0.03, 0.24, 0.46), 1.7), stand_y=134, subject_depth=0.2)


def _lake(site: Site) -> Land:
    land = Land(water=Water(114, 178, (0.08, 0.30, 0.40), 0.35), stand_y=140, subject_depth=0.2)
    land.back.append(
        _peaks(site, base=84, height=24, near=0.1, depth=0.8, albedo=(0.42, 0.46, 0.56), snow=16)
    )
    hill, line = _meadow_layer(site, base=104, height=8, near=0.22, depth=0.45)
    land.back += [hill, _wood(site, line + 5, near=0.22, depth=0.4, size=15, gap=6)]
    bank, line = _meadow_layer(site, base=178, height=6, near=0.9, depth=0.0)
    land.front.append(bank)
    if site.rng.random() < 0.5:
        land.front.append(_wood(site, line + 8, near=0.95, depth=0.0, size=60, gap=130))
    return land


def _wood(site: Site, line: np.ndarray, *, near: float, depth: float, size: float, gap: float,
          leafy: bool | None = None) -> Panorama:  # fmt: skip
    leafy = site.attributes.season in {"autumn", "spring"} if leafy is None else leafy
    if leafy:
        bare = site.attributes.season == "winter"
        return round_trees(site.frame, site.light, line, site.rng, near=near, depth=depth,
                           albedos=_crowns(site), size=size * 0.9, gap=gap * 1.3, bare=bare)  # fmt: skip
    albedo: Albedo = (0.36, 0.46, 0.46) if site.white else (0.10, 0.32, 0.20)
    return conifers(site.frame, site.light, line, site.rng, near=near, depth=depth,
                    albedo=albedo, size=size, gap=gap, snowy=site.white)  # fmt: skip


def _mountains(site: Site) -> Land:
    land = Land(stand_y=158, subject_depth=0.1)
    for base, height, near, depth, snow in (
        (78, 34, 0.08, 0.95, 34), (98, 28, 0.2, 0.6, 24), (122, 18, 0.35, 0.35, 9),
    ):  # fmt: skip
        albedo: Albedo = (0.40, 0.42, 0.52) if not site.white or depth > 0.5 else (0.7, 0.74, 0.82)
        land.back.append(_peaks(site, base=base, height=height, near=near, depth=depth,
                                albedo=albedo, snow=snow * (1.8 if site.white else 1)))  # fmt: skip
    slope, line = _meadow_layer(site, base=144, height=9, near=0.6, depth=0.12)
    land.middle += [_wood(site, line + 6, near=0.55, depth=0.2, size=24, gap=9), slope]
    bank, line = _meadow_layer(site, base=182, height=6, near=1.0, depth=0.0)
    land.front += [_wood(site, line + 8, near=1.0, depth=0.0, size=58, gap=70), bank]
    return land


def _desert(site: Site) -> Land:
    land = Land(stand_y=166, subject_depth=0.05)
    left = site.attributes.time != "sunset"
    sand: Albedo = (0.96, 0.70, 0.38)
    for base, height, near, depth in (
        (100, 9, 0.12, 0.7),
        (116, 13, 0.3, 0.4),
        (138, 15, 0.55, 0.15),
    ):
        line = curve(site.frame, site.rng, near=near, base=base, height=height, waves=3, octaves=2)
        land.back.append(dune(site.frame, site.light, line, near=near, depth=depth, albedo=sand,
                              from_left=left))  # fmt: skip
    line = curve(site.frame, site.rng, near=1.0, base=164, height=10, waves=2, octaves=2)
    near_dune = dune(site.frame, site.light, line, near=1.0, depth=0.0, albedo=sand, from_left=left)
    land.middle.append(near_dune)
    if site.rng.random() < 0.6:
        land.front.append(cacti(site.frame, site.light, line, site.rng))
    return land


def _forest(site: Site) -> Land:
    land = Land(stand_y=168, subject_depth=0.05)
    leafy = site.attributes.season in {"autumn", "spring"} or site.rng.random() < 0.3
    rows = ((92, 0.12, 0.85, 30, 8), (112, 0.3, 0.5, 46, 13), (136, 0.55, 0.25, 66, 24))
    for base, near, depth, size, gap in rows:
        floor, line = _meadow_layer(site, base=base, height=5, near=near, depth=depth)
        land.back += [
            _wood(site, line + 3, near=near, depth=depth, size=size, gap=gap, leafy=leafy),
            floor,
        ]
    floor, line = _meadow_layer(site, base=160, height=5, near=0.8, depth=0.04)
    land.middle.append(floor)
    land.front.append(_wood(site, line + 26, near=1.0, depth=0.0, size=120, gap=110, leafy=leafy))
    return land


def _meadow(site: Site) -> Land:
    land = Land(stand_y=150, subject_depth=0.12)
    far = _peaks(site, base=98, height=8, near=0.08, depth=1.0, albedo=(0.35, 0.45, 0.55), snow=0)
    land.back.append(far)
    for base, height, near, depth in ((108, 8, 0.18, 0.6), (122, 9, 0.35, 0.35)):
        hill, line = _meadow_layer(site, base=base, height=height, near=near, depth=depth)
        land.back += [
            hill,
            _wood(site, line + 2, near=near, depth=depth, size=13, gap=34, leafy=True),
        ]
    hill, line = _meadow_layer(site, base=142, height=9, near=0.6, depth=0.14)
    land.middle.append(hill)
    bank, line = _meadow_layer(site, base=170, height=8, near=1.0, depth=0.0)
    land.front.append(bank)
    if site.rng.random() < 0.5:
        land.front.append(_wood(site, line + 8, near=1.0, depth=0.0, size=66, gap=170, leafy=True))
    return land


def _city(site: Site) -> Land:
    wet = site.rng.random() < 0.6
    land = Land(stand_y=168, subject_depth=0.0)
    for tallest, near, depth, albedo in (
        (80, 0.1, 0.75, (0.50, 0.54, 0.64)),
        (66, 0.22, 0.42, (0.50, 0.46, 0.50)),
        (44, 0.4, 0.15, (0.56, 0.42, 0.38)),
    ):
        land.back.append(towers(site.frame, site.light, site.rng, near=near, depth=depth, base=132,
                                tallest=tallest, albedo=albedo))  # fmt: skip
    top = curve(site.frame, site.rng, near=0.4, base=131, height=0, waves=2)
    road: Albedo = (0.85, 0.88, 0.93) if site.attributes.weather == "snow" else (0.30, 0.30, 0.34)
    quay = field(site.frame, site.light, top, near=0.4, depth=0.1, albedo=road, relief=0.5)
    if wet and site.attributes.subject != "car":
        land.back.append(_cut_below(quay, site.frame, 136))
        land.water = Water(134, 192, (0.08, 0.17, 0.26), 0.45)
    else:
        land.back.append(quay)
        edge = curve(site.frame, site.rng, near=0.9, base=176, height=0, waves=2)
        land.front.append(field(site.frame, site.light, edge, near=0.9, depth=0, albedo=road))
    return land


def _arctic(site: Site) -> Land:
    land = Land(water=Water(112, 166, (0.10, 0.34, 0.46), 0.5), stand_y=166, subject_depth=0.05)
    land.back.append(_peaks(site, base=98, height=18, near=0.1, depth=0.55,
                            albedo=(0.72, 0.82, 0.92), snow=40))  # fmt: skip
    land.middle.append(icebergs(site.frame, site.light, site.rng))
    line = curve(site.frame, site.rng, near=0.95, base=158, height=6, waves=2, octaves=3)
    land.middle.append(field(site.frame, site.light, line, near=0.95, depth=0.0,
                             albedo=(0.90, 0.94, 1.0), second=(0.74, 0.85, 0.96)))  # fmt: skip
    return land


def _canyon(site: Site) -> Land:
    land = Land(stand_y=160, subject_depth=0.1)
    rows = ((84, 30, 0.1, 0.7), (106, 34, 0.28, 0.35), (128, 26, 0.5, 0.12))
    for base, height, near, depth in rows:
        raw = curve(site.frame, site.rng, near=near, base=0, height=1.5, waves=5, octaves=3)
        mesa = base + height * (0.5 - 1 / (1 + np.exp(raw * 9))) * 1.0
        land.back.append(strata(site.frame, site.light, mesa.astype(np.float32), near=near,
                                depth=depth, albedo=(0.88, 0.46, 0.26)))  # fmt: skip
    line = curve(site.frame, site.rng, near=0.9, base=152, height=5, waves=3, octaves=2)
    land.middle.append(field(site.frame, site.light, line, near=0.9, depth=0.0,
                             albedo=(0.80, 0.44, 0.24), second=(0.90, 0.56, 0.32)))  # fmt: skip
    return land


def _island(site: Site) -> Land:
    land = Land(water=Water(106, 164, (0.04, 0.58, 0.62), 0.7), stand_y=130, subject_depth=0.2)
    columns = site.frame.columns(0.2)
    centre = site.rng.uniform(0.2, 0.8) * site.frame.units_wide
    bumps = curve(site.frame, site.rng, near=0.2, base=0, height=5, waves=9)
    line = 112 - 34 * np.exp(-(((columns - centre) / 62) ** 2)) + bumps * 0.6
    hill = field(site.frame, site.light, line.astype(np.float32), near=0.2, depth=0.4,
                 albedo=(0.16, 0.48, 0.20), second=(0.30, 0.60, 0.24), relief=0.5)  # fmt: skip
    land.back.append(_cut_below(hill, site.frame, 108))
    shore = curve(site.frame, site.rng, near=0.95, base=158, height=7, waves=2, octaves=2)
    foam = field(site.frame, site.light, shore - 2.5, near=0.95, depth=0.0, albedo=(0.9, 1.0, 1.0))
    beach = field(site.frame, site.light, shore, near=0.95, depth=0.0, albedo=(0.97, 0.88, 0.66))
    land.front += [foam, beach, palms(site.frame, site.light, shore, site.rng)]
    return land


def _village(site: Site) -> Land:
    land = Land(stand_y=148, subject_depth=0.15)
    land.back.append(_peaks(site, base=92, height=15, near=0.08, depth=0.9,
                            albedo=(0.38, 0.45, 0.52), snow=10))  # fmt: skip
    hill, line = _meadow_layer(site, base=112, height=8, near=0.2, depth=0.5)
    land.back += [hill, _wood(site, line + 4, near=0.25, depth=0.4, size=16, gap=14)]
    ground, line = _meadow_layer(site, base=134, height=4, near=0.45, depth=0.2)
    land.back.append(ground)
    land.middle.append(houses(site.frame, site.light, line, site.rng, white=site.white))
    bank, line = _meadow_layer(site, base=166, height=6, near=0.9, depth=0.0)
    land.front += [bank, _wood(site, line + 12, near=0.95, depth=0.0, size=44, gap=120)]
    return land


def _volcano(site: Site) -> Land:
    land = Land(stand_y=160, subject_depth=0.1)
    columns = site.frame.columns(0.15)
    centre = site.rng.uniform(0.38, 0.62) * site.frame.units_wide
    away = np.abs(columns - centre)
    bumps = curve(site.frame, site.rng, near=0.15, base=0, height=2.5, waves=12)
    cone = 126 - 84 * np.exp(-np.maximum(away - 12, 0) / 52) + bumps * 0.7
    cone = np.where(away < 12, cone + (12 - away) * 0.5, cone).astype(np.float32)
    land.back.append(ridge(site.frame, site.light, cone, near=0.15, depth=0.3,
                           albedo=(0.30, 0.25, 0.26), relief=0.6))  # fmt: skip
    land.crater = (centre, float(cone[np.argmin(away)]))
    land.back.append(lava(site.frame, cone, centre, site.rng, near=0.15))
    for base, near, depth in ((134, 0.4, 0.15), (160, 0.9, 0.0)):
        line = curve(site.frame, site.rng, near=near, base=base, height=9, waves=6, octaves=4)
        land.middle.append(ridge(site.frame, site.light, line, near=near, depth=depth,
                                 albedo=(0.24, 0.21, 0.22), relief=0.7))  # fmt: skip
    return land


def _savanna(site: Site) -> Land:
    land = Land(stand_y=158, subject_depth=0.08)
    far = curve(site.frame, site.rng, near=0.08, base=104, height=8, waves=3, octaves=3)
    land.back.append(ridge(site.frame, site.light, far, near=0.08, depth=0.9,
                           albedo=(0.45, 0.42, 0.40), relief=0.2))  # fmt: skip
    for base, near, depth, size, gap in ((112, 0.25, 0.45, 20, 46), (128, 0.5, 0.2, 40, 105)):
        line = curve(site.frame, site.rng, near=near, base=base, height=2, waves=3, octaves=2)
        land.back.append(field(site.frame, site.light, line, near=near, depth=depth,
                               albedo=(0.86, 0.66, 0.26), second=(0.74, 0.60, 0.26)))  # fmt: skip
        land.back.append(acacias(site.frame, site.light, line, site.rng, near=near, depth=depth,
                                 size=size, gap=gap))  # fmt: skip
    line = curve(site.frame, site.rng, near=0.95, base=152, height=4, waves=2, octaves=2)
    land.middle.append(field(site.frame, site.light, line, near=0.95, depth=0.0,
                             albedo=(0.90, 0.70, 0.28), second=(0.72, 0.55, 0.22)))  # fmt: skip
    return land


_BUILDERS: dict[str, Callable[[Site], Land]] = {
    "coast": _coast, "ocean": _ocean, "lake": _lake, "mountains": _mountains, "desert": _desert,
    "forest": _forest, "meadow": _meadow, "city": _city, "arctic": _arctic, "canyon": _canyon,
    "island": _island, "village": _village, "volcano": _volcano, "savanna": _savanna,
}  # fmt: skip

"""Biomes with water: coast, ocean, lake, arctic, island, and the city by its river."""

from __future__ import annotations

import numpy as np

from training.world.land import (
    Albedo,
    curve,
    field,
    ridge,
    towers,
)
from training.world.layers import Panorama
from training.world.plants import icebergs, palms
from training.world.site import Land, Site, Water, cut_below, meadow_layer, peaks, wood


def coast(site: Site) -> Land:
    land = Land(water=Water(104, 172, (0.07, 0.36, 0.46), 1.0), stand_y=128, subject_depth=0.25)
    land.back.append(
        peaks(site, base=97, height=13, near=0.12, depth=0.75, albedo=(0.36, 0.42, 0.36), snow=0)
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
    return cut_below(steep, site.frame, 131)


def ocean(site: Site) -> Land:
    return Land(water=Water(108, 192, (0.03, 0.24, 0.46), 1.7), stand_y=134, subject_depth=0.2)


def lake(site: Site) -> Land:
    land = Land(water=Water(114, 178, (0.08, 0.30, 0.40), 0.35), stand_y=140, subject_depth=0.2)
    land.back.append(
        peaks(site, base=84, height=24, near=0.1, depth=0.8, albedo=(0.42, 0.46, 0.56), snow=16)
    )
    hill, line = meadow_layer(site, base=104, height=8, near=0.22, depth=0.45)
    land.back += [hill, wood(site, line + 5, near=0.22, depth=0.4, size=15, gap=6)]
    bank, line = meadow_layer(site, base=178, height=6, near=0.9, depth=0.0)
    land.front.append(bank)
    if site.rng.random() < 0.5:
        land.front.append(wood(site, line + 8, near=0.95, depth=0.0, size=60, gap=130))
    return land


def arctic(site: Site) -> Land:
    land = Land(water=Water(112, 166, (0.10, 0.34, 0.46), 0.5), stand_y=166, subject_depth=0.05)
    land.back.append(peaks(site, base=98, height=18, near=0.1, depth=0.55,
                            albedo=(0.72, 0.82, 0.92), snow=40))  # fmt: skip
    land.middle.append(icebergs(site.frame, site.light, site.rng))
    line = curve(site.frame, site.rng, near=0.95, base=158, height=6, waves=2, octaves=3)
    land.middle.append(field(site.frame, site.light, line, near=0.95, depth=0.0,
                             albedo=(0.90, 0.94, 1.0), second=(0.74, 0.85, 0.96)))  # fmt: skip
    return land


def island(site: Site) -> Land:
    land = Land(water=Water(106, 164, (0.04, 0.58, 0.62), 0.7), stand_y=130, subject_depth=0.2)
    columns = site.frame.columns(0.2)
    centre = site.rng.uniform(0.2, 0.8) * site.frame.units_wide
    bumps = curve(site.frame, site.rng, near=0.2, base=0, height=5, waves=9)
    line = 112 - 34 * np.exp(-(((columns - centre) / 62) ** 2)) + bumps * 0.6
    hill = field(site.frame, site.light, line.astype(np.float32), near=0.2, depth=0.4,
                 albedo=(0.16, 0.48, 0.20), second=(0.30, 0.60, 0.24), relief=0.5)  # fmt: skip
    land.back.append(cut_below(hill, site.frame, 108))
    shore = curve(site.frame, site.rng, near=0.95, base=158, height=7, waves=2, octaves=2)
    foam = field(site.frame, site.light, shore - 2.5, near=0.95, depth=0.0, albedo=(0.9, 1.0, 1.0))
    beach = field(site.frame, site.light, shore, near=0.95, depth=0.0, albedo=(0.97, 0.88, 0.66))
    land.front += [foam, beach, palms(site.frame, site.light, shore, site.rng)]
    return land


def city(site: Site) -> Land:
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
        land.back.append(cut_below(quay, site.frame, 136))
        land.water = Water(134, 192, (0.08, 0.17, 0.26), 0.45)
    else:
        land.back.append(quay)
        edge = curve(site.frame, site.rng, near=0.9, base=176, height=0, waves=2)
        land.front.append(field(site.frame, site.light, edge, near=0.9, depth=0, albedo=road))
    return land

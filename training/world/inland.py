"""Biomes without water, from mountains to savanna."""

from __future__ import annotations

import numpy as np

from training.world.land import (
    Albedo,
    curve,
    dune,
    field,
    ridge,
    strata,
)
from training.world.plants import acacias, cacti
from training.world.settlement import houses, lava
from training.world.site import Land, Site, meadow_layer, peaks, wood


def mountains(site: Site) -> Land:
    land = Land(stand_y=158, subject_depth=0.1)
    for base, height, near, depth, snow in (
        (78, 34, 0.08, 0.95, 34), (98, 28, 0.2, 0.6, 24), (122, 18, 0.35, 0.35, 9),
    ):  # fmt: skip
        albedo: Albedo = (0.40, 0.42, 0.52) if not site.white or depth > 0.5 else (0.7, 0.74, 0.82)
        land.back.append(peaks(site, base=base, height=height, near=near, depth=depth,
                                albedo=albedo, snow=snow * (1.8 if site.white else 1)))  # fmt: skip
    slope, line = meadow_layer(site, base=144, height=9, near=0.6, depth=0.12)
    land.middle += [wood(site, line + 6, near=0.55, depth=0.2, size=24, gap=9), slope]
    bank, line = meadow_layer(site, base=182, height=6, near=1.0, depth=0.0)
    land.front += [wood(site, line + 8, near=1.0, depth=0.0, size=58, gap=70), bank]
    return land


def desert(site: Site) -> Land:
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


def forest(site: Site) -> Land:
    land = Land(stand_y=168, subject_depth=0.05)
    leafy = site.attributes.season in {"autumn", "spring"} or site.rng.random() < 0.3
    rows = ((92, 0.12, 0.85, 30, 8), (112, 0.3, 0.5, 46, 13), (136, 0.55, 0.25, 66, 24))
    for base, near, depth, size, gap in rows:
        floor, line = meadow_layer(site, base=base, height=5, near=near, depth=depth)
        land.back += [
            wood(site, line + 3, near=near, depth=depth, size=size, gap=gap, leafy=leafy),
            floor,
        ]
    floor, line = meadow_layer(site, base=160, height=5, near=0.8, depth=0.04)
    land.middle.append(floor)
    land.front.append(wood(site, line + 26, near=1.0, depth=0.0, size=120, gap=110, leafy=leafy))
    return land


def meadow(site: Site) -> Land:
    land = Land(stand_y=150, subject_depth=0.12)
    far = peaks(site, base=98, height=8, near=0.08, depth=1.0, albedo=(0.35, 0.45, 0.55), snow=0)
    land.back.append(far)
    for base, height, near, depth in ((108, 8, 0.18, 0.6), (122, 9, 0.35, 0.35)):
        hill, line = meadow_layer(site, base=base, height=height, near=near, depth=depth)
        land.back += [
            hill,
            wood(site, line + 2, near=near, depth=depth, size=13, gap=34, leafy=True),
        ]
    hill, line = meadow_layer(site, base=142, height=9, near=0.6, depth=0.14)
    land.middle.append(hill)
    bank, line = meadow_layer(site, base=170, height=8, near=1.0, depth=0.0)
    land.front.append(bank)
    if site.rng.random() < 0.5:
        land.front.append(wood(site, line + 8, near=1.0, depth=0.0, size=66, gap=170, leafy=True))
    return land


def canyon(site: Site) -> Land:
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


def village(site: Site) -> Land:
    land = Land(stand_y=148, subject_depth=0.15)
    land.back.append(peaks(site, base=92, height=15, near=0.08, depth=0.9,
                            albedo=(0.38, 0.45, 0.52), snow=10))  # fmt: skip
    hill, line = meadow_layer(site, base=112, height=8, near=0.2, depth=0.5)
    land.back += [hill, wood(site, line + 4, near=0.25, depth=0.4, size=16, gap=14)]
    ground, line = meadow_layer(site, base=134, height=4, near=0.45, depth=0.2)
    land.back.append(ground)
    land.middle.append(houses(site.frame, site.light, line, site.rng, white=site.white))
    bank, line = meadow_layer(site, base=166, height=6, near=0.9, depth=0.0)
    land.front += [bank, wood(site, line + 12, near=0.95, depth=0.0, size=44, gap=120)]
    return land


def volcano(site: Site) -> Land:
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


def savanna(site: Site) -> Land:
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

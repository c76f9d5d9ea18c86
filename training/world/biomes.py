"""The table of biomes: which builder makes which land."""

from __future__ import annotations

from collections.abc import Callable

from training.world import inland, shores
from training.world.site import Land, Site


def build(site: Site) -> Land:
    return _BUILDERS[site.attributes.biome](site)


_BUILDERS: dict[str, Callable[[Site], Land]] = {
    "coast": shores.coast,
    "ocean": shores.ocean,
    "lake": shores.lake,
    "mountains": inland.mountains,
    "desert": inland.desert,
    "forest": inland.forest,
    "meadow": inland.meadow,
    "city": shores.city,
    "arctic": shores.arctic,
    "canyon": inland.canyon,
    "island": shores.island,
    "village": inland.village,
    "volcano": inland.volcano,
    "savanna": inland.savanna,
}

"""What a scene can be: the vocabulary, which combinations make sense, which are held out.

Decides the distribution of attributes in every split. Knows nothing of pictures or sentences.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

import numpy as np

BIOMES = (
    "coast", "ocean", "lake", "mountains", "desert", "forest", "meadow", "city",
    "arctic", "canyon", "island", "village", "volcano", "savanna",
)  # fmt: skip
TIMES = ("dawn", "day", "sunset", "dusk", "night")
WEATHERS = ("clear", "cloudy", "rain", "snow", "fog", "storm")
SKIES = ("none", "sun", "moon", "stars", "aurora", "rainbow", "balloons", "birds")
SEASONS = ("none", "spring", "summer", "autumn", "winter")
SUBJECTS = ("none", "sailboat", "lighthouse", "cabin", "train", "car", "windmill")
CAMERAS = ("still", "pan left", "pan right", "rise", "forward")
STYLES = ("natural", "watercolor", "neon", "monochrome", "pastel", "sepia")
SPLITS = ("train", "valid", "combos", "phrases")

SEASONAL = frozenset({"mountains", "forest", "meadow", "lake", "village"})
WATERY = frozenset({"coast", "ocean", "lake", "arctic", "island"})
SNOWLESS = frozenset({"desert", "island", "savanna", "canyon", "volcano", "ocean"})
SUBJECTS_OF = {
    "coast": ("sailboat", "lighthouse"),
    "ocean": ("sailboat",),
    "lake": ("sailboat", "cabin"),
    "mountains": ("cabin", "train"),
    "desert": ("car",),
    "forest": ("cabin",),
    "meadow": ("cabin", "train", "windmill", "car"),
    "city": ("car",),
    "arctic": ("cabin",),
    "canyon": ("train", "car"),
    "island": ("sailboat",),
    "village": ("windmill", "train"),
    "volcano": (),
    "savanna": ("car",),
}
# Never drawn for training: each is ordinary in its parts, so a model that composes can draw it.
HELD_OUT = (
    {"biome": "desert", "time": "night", "weather": "clear"},
    {"biome": "city", "time": "dawn"},
    {"biome": "coast", "weather": "storm"},
    {"biome": "forest", "weather": "fog"},
    {"biome": "meadow", "time": "dusk"},
    {"biome": "canyon", "time": "sunset"},
    {"biome": "village", "weather": "rain"},
    {"biome": "lake", "style": "neon"},
    {"biome": "mountains", "sky": "aurora"},
    {"biome": "savanna", "sky": "balloons"},
    {"biome": "island", "sky": "stars"},
    {"biome": "arctic", "style": "watercolor"},
)


@dataclass(frozen=True, slots=True)
class Attributes:
    """One value per key; "none" where the key does not apply."""

    biome: str
    time: str
    weather: str
    sky: str
    season: str
    subject: str
    camera: str
    style: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


KEYS = tuple(field.name for field in fields(Attributes))


def is_held_out(attributes: Attributes) -> bool:
    values = attributes.as_dict()
    return any(all(values[key] == value for key, value in rule.items()) for rule in HELD_OUT)


def sample(rng: np.random.Generator, *, split: str) -> Attributes:
    """Draw one scene; `combos` draws held-out combinations only, every other split none."""
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}, one of {', '.join(SPLITS)}")
    if split == "combos":
        return _draw(rng, HELD_OUT[int(rng.integers(len(HELD_OUT)))])
    while is_held_out(drawn := _draw(rng, {})):
        pass
    return drawn


def vary(attributes: Attributes, rng: np.random.Generator, *, split: str) -> Attributes:
    """The second half of a clip that changes: mostly one or two attributes differ."""
    if rng.random() < 0.35:
        return replace(sample(rng, split=split), camera=attributes.camera)
    keys = rng.permutation(["time", "weather", "style", "sky", "season"])[: int(rng.integers(1, 3))]
    kept = {key: value for key, value in attributes.as_dict().items() if key not in keys}
    for _ in range(40):
        # Keeping what is no longer plausible (a sun at night) would contradict; drop it instead.
        drawn = _draw(rng, {key: kept[key] for key in ("biome", "camera") if key in kept})
        wanted = {**drawn.as_dict(), **kept}
        candidate = Attributes(**wanted)
        if candidate == attributes or not _plausible(candidate):
            continue
        if split == "combos" or not is_held_out(candidate):
            return candidate
    return replace(sample(rng, split=split), camera=attributes.camera)


def _draw(rng: np.random.Generator, fixed: dict[str, str]) -> Attributes:
    while True:
        biome = fixed.get("biome") or _pick(rng, BIOMES)
        weather = fixed.get("weather") or _pick(rng, WEATHERS, (6, 2.5, 1.5, 1.5, 1.5, 1.2))
        time = fixed.get("time") or _pick(rng, TIMES, (1.6, 2.4, 2, 1.5, 2))
        style = fixed.get("style") or _pick(rng, STYLES, (6, 1, 1, 1, 1, 0.8))
        sky = fixed.get("sky") or _pick(rng, SKIES, (2, 2.5, 1.5, 1.5, 1.3, 1, 1, 1))
        season = _season(rng, biome, weather)
        choices = SUBJECTS_OF[biome]
        subject = _pick(rng, choices) if choices and rng.random() < 0.5 else "none"
        camera = _pick(rng, CAMERAS, (3, 1.5, 1.5, 1, 1.5))
        drawn = Attributes(biome, time, weather, sky, season, subject, camera, style)
        if _plausible(drawn):
            return drawn


def _season(rng: np.random.Generator, biome: str, weather: str) -> str:
    if biome not in SEASONAL:
        return "none"
    return "winter" if weather == "snow" else _pick(rng, SEASONS[1:])


def _plausible(drawn: Attributes) -> bool:
    clear, dark = drawn.weather in {"clear", "cloudy"}, drawn.time in {"dusk", "night"}
    sky = {
        "none": True,
        "sun": not dark and clear,
        "moon": dark and clear,
        "stars": drawn.time == "night" and drawn.weather == "clear",
        "aurora": drawn.time == "night" and drawn.weather == "clear",
        "rainbow": not dark and drawn.weather in {"clear", "cloudy", "rain"},
        "balloons": drawn.time in {"dawn", "day", "sunset"} and clear,
        "birds": drawn.time != "night" and drawn.weather in {"clear", "cloudy", "fog"},
    }[drawn.sky]
    snow = drawn.weather != "snow" or (
        drawn.biome not in SNOWLESS and drawn.season in {"none", "winter"}
    )
    # A colour map that removes hue leaves these times impossible to tell apart.
    style = drawn.style not in {"monochrome", "sepia", "neon"} or drawn.time in {
        "day",
        "sunset" if drawn.sky == "sun" else "day",
        "night",
    }
    season = drawn.season == "none" or drawn.biome in SEASONAL
    return sky and snow and style and season


def _pick(
    rng: np.random.Generator, values: tuple[str, ...], weights: tuple[float, ...] | None = None
) -> str:
    if weights is None:
        return values[int(rng.integers(len(values)))]
    shares = np.asarray(weights) / sum(weights)
    return values[int(rng.choice(len(values), p=shares))]

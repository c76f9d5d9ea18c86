"""The words: every attribute value in several phrasings, the last ones kept for evaluation.

Decides vocabulary only; `captions` decides how phrases are put together.

A noun phrase stands on its own ("a quiet lake"), an adjective goes before a noun ("misty"), a
clause goes after it ("at dawn", "with a rainbow"). Phrasings are separated by a bar.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Phrasings of one value; `kept` are clauses or nouns that only the split `phrases` uses."""

    clauses: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def _words(*, clauses: str = "", adjectives: str = "", nouns: str = "", kept: str = "") -> Words:
    return Words(_split(clauses), _split(adjectives), _split(nouns), _split(kept))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(" | ") if part)


BIOME = {
    "coast": _words(
        nouns="a coast | the seashore | a coastline | a rocky coast | a shoreline | "
        "a seaside landscape | a bay with cliffs",
        kept="a headland by the sea",
    ),
    "ocean": _words(
        nouns="the open ocean | the sea | a vast ocean | an endless sea | the high seas | "
        "ocean waves | calm sea",
        kept="nothing but water to the horizon",
    ),
    "lake": _words(
        nouns="a lake | a quiet lake | a mountain lake | a lake with reflections | a lakeside | "
        "a still lake between hills",
        kept="the shore of a pond",
    ),
    "mountains": _words(
        nouns="mountains | snowy peaks | a mountain range | high mountains | an alpine landscape | "
        "the alps | rugged mountains",
        kept="alpine summits",
    ),
    "desert": _words(
        nouns="a desert | sand dunes | desert dunes | a sandy desert | the sahara | rolling dunes | "
        "an arid desert",
        kept="a sea of sand",
    ),
    "forest": _words(
        nouns="a forest | deep woods | a woodland | a dense forest | a forest of tall trees | "
        "the woods",
        kept="a grove of trees",
    ),
    "meadow": _words(
        nouns="a meadow | rolling hills | green hills | grassland | a grassy field | countryside | "
        "meadows and hills",
        kept="pastures",
    ),
    "city": _words(
        nouns="a city | a city skyline | skyscrapers | a big city | downtown towers | "
        "an urban skyline | tall buildings",
        kept="a metropolis",
    ),
    "arctic": _words(
        nouns="the arctic | icebergs | a frozen sea | a polar landscape | the north pole | "
        "ice and snow by the sea | a glacier coast",
        kept="antarctica",
    ),
    "canyon": _words(
        nouns="a canyon | red rock mesas | a red canyon | desert buttes | canyon walls | "
        "a landscape of red rocks",
        kept="a sandstone gorge",
    ),
    "island": _words(
        nouns="a tropical island | a tropical beach | palm trees on a beach | an island with palms | "
        "a palm beach | a tropical lagoon",
        kept="a paradise beach",
    ),
    "village": _words(
        nouns="a village | a small town | a village with a church | a quiet village | "
        "houses in a valley | a little town with red roofs",
        kept="a hamlet",
    ),
    "volcano": _words(
        nouns="a volcano | an erupting volcano | a volcano with lava | lava flows | "
        "a smoking volcano | a volcanic landscape",
        kept="molten rock on a mountain",
    ),
    "savanna": _words(
        nouns="the savanna | an african savanna | acacia trees | a dry grassland with acacias | "
        "golden plains | the serengeti",
        kept="the african plains",
    ),
}
TIME = {
    "dawn": _words(
        clauses="at dawn | at sunrise | in the early morning | at daybreak | in soft morning light",
        adjectives="dawn-lit | early morning",
        kept="at first light",
    ),
    "day": _words(
        clauses="at noon | by day | in daylight | at midday | during the day | in bright daylight",
        adjectives="daytime | bright",
        kept="in the early afternoon",
    ),
    "sunset": _words(
        clauses="at sunset | in the evening sun | at golden hour | as the sun goes down | "
        "in orange evening light",
        adjectives="sunset | golden hour",
        kept="as the day ends in fire",
    ),
    "dusk": _words(
        clauses="at dusk | at twilight | in the blue hour | after sunset | at nightfall",
        adjectives="twilight | dusky",
        kept="in the gloaming",
    ),
    "night": _words(
        clauses="at night | by night | in the dark of night | at midnight | late at night",
        adjectives="nighttime | nocturnal | dark",
        kept="in the small hours",
    ),
}
WEATHER = {
    "clear": _words(
        clauses="under a clear sky | in clear weather | with a cloudless sky | in fine weather",
        adjectives="clear",
        kept="in fair weather",
    ),
    "cloudy": _words(
        clauses="under a cloudy sky | with drifting clouds | under clouds | with many clouds | "
        "with a sky full of clouds",
        adjectives="cloudy",
        kept="beneath an overcast sky",
    ),
    "rain": _words(
        clauses="in the rain | while it rains | in heavy rain | on a rainy day | with falling rain",
        adjectives="rainy | wet",
        kept="in a downpour",
    ),
    "snow": _words(
        clauses="in falling snow | while it snows | with snowflakes in the air | in a snowfall | "
        "during snowfall",
        adjectives="snowy",
        kept="in a flurry",
    ),
    "fog": _words(
        clauses="in fog | in thick fog | in the mist | wrapped in fog | covered by haze",
        adjectives="foggy | misty | hazy",
        kept="veiled in vapor",
    ),
    "storm": _words(
        clauses="in a storm | in a thunderstorm | with lightning | under dark storm clouds | "
        "while a storm rages",
        adjectives="stormy",
        kept="in a tempest",
    ),
}
SKY = {
    "sun": _words(
        clauses="with the sun in the sky | with a bright sun | with the sun shining | under the sun | "
        "and a visible sun",
        adjectives="sunny",
        kept="with a glowing solar disc",
    ),
    "moon": _words(
        clauses="with a full moon | under the moon | in moonlight | with the moon in the sky | "
        "and a bright moon",
        adjectives="moonlit",
        kept="with a lunar disc above",
    ),
    "stars": _words(
        clauses="under the stars | with a starry sky | with the milky way | with countless stars | "
        "under a sky full of stars",
        adjectives="starry",
        kept="beneath a galaxy of stars",
    ),
    "aurora": _words(
        clauses="with northern lights | under the aurora | with an aurora in the sky | "
        "and green aurora curtains | with aurora borealis",
        kept="with polar lights",
    ),
    "rainbow": _words(
        clauses="with a rainbow | under a rainbow | and a colorful rainbow | with a bright rainbow",
        kept="with a colored arc in the sky",
    ),
    "balloons": _words(
        clauses="with hot air balloons | and balloons in the sky | with colorful balloons | "
        "with balloons drifting by",
        kept="with aerostats",
    ),
    "birds": _words(
        clauses="with birds | and a flock of birds | with birds flying | "
        "with flying birds in the sky | and seagulls",
        kept="with geese overhead",
    ),
}
SEASON = {
    "spring": _words(
        clauses="in spring | in springtime | with blossoming trees | with spring blossoms",
        adjectives="spring | blooming",
        kept="in april",
    ),
    "summer": _words(
        clauses="in summer | in summertime | on a summer's day | lush and green",
        adjectives="summer",
        kept="in july",
    ),
    "autumn": _words(
        clauses="in autumn | in fall | with autumn colors | with orange leaves",
        adjectives="autumn | autumnal",
        kept="in october",
    ),
    "winter": _words(
        clauses="in winter | in wintertime | covered in snow | with snow on the ground",
        adjectives="winter | wintry | snow-covered",
        kept="in january",
    ),
}
SUBJECT = {
    "sailboat": _words(
        clauses="with a sailboat | and a sailing boat | with a boat sailing by | and a small sailboat",
        kept="with a yacht",
    ),
    "lighthouse": _words(
        clauses="with a lighthouse | and a lighthouse on the cliff | with a red and white lighthouse",
        kept="with a beacon tower",
    ),
    "cabin": _words(
        clauses="with a cabin | and a small house | with a cottage | with a lonely hut | "
        "and a little house",
        kept="with a chalet",
    ),
    "train": _words(
        clauses="with a train passing | and a train | with a passing train | and a moving train",
        kept="with railway cars rolling by",
    ),
    "car": _words(
        clauses="with a car | and a car driving by | with a car passing | and a moving car",
        kept="with an automobile",
    ),
    "windmill": _words(
        clauses="with a windmill | and an old windmill | with a turning windmill",
        kept="with a mill and its sails",
    ),
}
CAMERA = {
    "still": _words(
        clauses="static camera | still shot | the camera does not move",
        kept="tripod shot",
    ),
    "pan left": _words(
        clauses="panning left | the camera pans left | camera moves to the left | slow pan left",
        kept="tracking leftward",
    ),
    "pan right": _words(
        clauses="panning right | the camera pans right | camera moves to the right | slow pan right",
        kept="tracking rightward",
    ),
    "rise": _words(
        clauses="the camera rises | rising camera | camera moves up | crane shot going up",
        kept="ascending view",
    ),
    "forward": _words(
        clauses="moving forward | the camera moves forward | flying forward | slow zoom in",
        kept="pushing in",
    ),
}
STYLE = {
    "natural": _words(
        clauses="realistic | photo | natural colors",
        nouns="a photo of | a realistic view of",
        kept="true to life",
    ),
    "watercolor": _words(
        clauses="watercolor | in watercolor | watercolor painting | painted in watercolor | "
        "as an aquarelle",
        nouns="a watercolor of | a watercolor painting of",
        kept="in wet paint on paper",
    ),
    "neon": _words(
        clauses="neon | in neon colors | neon style | synthwave | in a cyberpunk style | vaporwave",
        nouns="a neon picture of | a synthwave scene of",
        kept="in glowing retro colors",
    ),
    "monochrome": _words(
        clauses="black and white | in black and white | monochrome | black and white film",
        nouns="a black and white photo of",
        kept="in shades of gray",
    ),
    "pastel": _words(
        clauses="pastel | in pastel colors | pastel style | in soft pastel tones",
        nouns="a pastel drawing of",
        kept="in pale delicate tints",
    ),
    "sepia": _words(
        clauses="sepia | in sepia tones | vintage photo | like an old photograph",
        nouns="a sepia photo of | an old photograph of",
        kept="like a faded antique print",
    ),
}
PHRASES = {
    "biome": BIOME,
    "time": TIME,
    "weather": WEATHER,
    "sky": SKY,
    "season": SEASON,
    "subject": SUBJECT,
    "camera": CAMERA,
    "style": STYLE,
}

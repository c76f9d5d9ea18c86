"""The vocabulary of place, hour, weather and sky, and the table of all attributes.

`captions` decides how phrases are put together.
"""

from __future__ import annotations

from training.world.phrases_of_things import CAMERA, SEASON, STYLE, SUBJECT
from training.world.words import words

BIOME = {
    "coast": words(
        nouns="a coast | the seashore | a coastline | a rocky coast | a shoreline | "
        "a seaside landscape | a bay with cliffs",
        kept="a headland by the sea",
    ),
    "ocean": words(
        nouns="the open ocean | the sea | a vast ocean | an endless sea | the high seas | "
        "ocean waves | calm sea",
        kept="nothing but water to the horizon",
    ),
    "lake": words(
        nouns="a lake | a quiet lake | a mountain lake | a lake with reflections | a lakeside | "
        "a still lake between hills",
        kept="the shore of a pond",
    ),
    "mountains": words(
        nouns="mountains | snowy peaks | a mountain range | high mountains | an alpine landscape | "
        "the alps | rugged mountains",
        kept="alpine summits",
    ),
    "desert": words(
        nouns="a desert | sand dunes | desert dunes | a sandy desert | the sahara | rolling dunes "
        "| an arid desert",
        kept="a sea of sand",
    ),
    "forest": words(
        nouns="a forest | deep woods | a woodland | a dense forest | a forest of tall trees | "
        "the woods",
        kept="a grove of trees",
    ),
    "meadow": words(
        nouns="a meadow | rolling hills | green hills | grassland | a grassy field | countryside | "
        "meadows and hills",
        kept="pastures",
    ),
    "city": words(
        nouns="a city | a city skyline | skyscrapers | a big city | downtown towers | "
        "an urban skyline | tall buildings",
        kept="a metropolis",
    ),
    "arctic": words(
        nouns="the arctic | icebergs | a frozen sea | a polar landscape | the north pole | "
        "ice and snow by the sea | a glacier coast",
        kept="antarctica",
    ),
    "canyon": words(
        nouns="a canyon | red rock mesas | a red canyon | desert buttes | canyon walls | "
        "a landscape of red rocks",
        kept="a sandstone gorge",
    ),
    "island": words(
        nouns="a tropical island | a tropical beach | palm trees on a beach | an island with palms "
        "| a palm beach | a tropical lagoon",
        kept="a paradise beach",
    ),
    "village": words(
        nouns="a village | a small town | a village with a church | a quiet village | "
        "houses in a valley | a little town with red roofs",
        kept="a hamlet",
    ),
    "volcano": words(
        nouns="a volcano | an erupting volcano | a volcano with lava | lava flows | "
        "a smoking volcano | a volcanic landscape",
        kept="molten rock on a mountain",
    ),
    "savanna": words(
        nouns="the savanna | an african savanna | acacia trees | a dry grassland with acacias | "
        "golden plains | the serengeti",
        kept="the african plains",
    ),
}
TIME = {
    "dawn": words(
        clauses="at dawn | at sunrise | in the early morning | at daybreak | in soft morning light",
        adjectives="dawn-lit | early morning",
        kept="at first light",
    ),
    "day": words(
        clauses="at noon | by day | in daylight | at midday | during the day | in bright daylight",
        adjectives="daytime | bright",
        kept="in the early afternoon",
    ),
    "sunset": words(
        clauses="at sunset | in the evening sun | at golden hour | as the sun goes down | "
        "in orange evening light",
        adjectives="sunset | golden hour",
        kept="as the day ends in fire",
    ),
    "dusk": words(
        clauses="at dusk | at twilight | in the blue hour | after sunset | at nightfall",
        adjectives="twilight | dusky",
        kept="in the gloaming",
    ),
    "night": words(
        clauses="at night | by night | in the dark of night | at midnight | late at night",
        adjectives="nighttime | nocturnal | dark",
        kept="in the small hours",
    ),
}
WEATHER = {
    "clear": words(
        clauses="under a clear sky | in clear weather | with a cloudless sky | in fine weather",
        adjectives="clear",
        kept="in fair weather",
    ),
    "cloudy": words(
        clauses="under a cloudy sky | with drifting clouds | under clouds | with many clouds | "
        "with a sky full of clouds",
        adjectives="cloudy",
        kept="beneath an overcast sky",
    ),
    "rain": words(
        clauses="in the rain | while it rains | in heavy rain | on a rainy day | with falling rain",
        adjectives="rainy | wet",
        kept="in a downpour",
    ),
    "snow": words(
        clauses="in falling snow | while it snows | with snowflakes in the air | in a snowfall | "
        "during snowfall",
        adjectives="snowy",
        kept="in a flurry",
    ),
    "fog": words(
        clauses="in fog | in thick fog | in the mist | wrapped in fog | covered by haze",
        adjectives="foggy | misty | hazy",
        kept="veiled in vapor",
    ),
    "storm": words(
        clauses="in a storm | in a thunderstorm | with lightning | under dark storm clouds | "
        "while a storm rages",
        adjectives="stormy",
        kept="in a tempest",
    ),
}
SKY = {
    "sun": words(
        clauses="with the sun in the sky | with a bright sun | with the sun shining "
        "| under the sun | and a visible sun",
        adjectives="sunny",
        kept="with a glowing solar disc",
    ),
    "moon": words(
        clauses="with a full moon | under the moon | in moonlight | with the moon in the sky | "
        "and a bright moon",
        adjectives="moonlit",
        kept="with a lunar disc above",
    ),
    "stars": words(
        clauses="under the stars | with a starry sky | with the milky way | with countless stars | "
        "under a sky full of stars",
        adjectives="starry",
        kept="beneath a galaxy of stars",
    ),
    "aurora": words(
        clauses="with northern lights | under the aurora | with an aurora in the sky | "
        "and green aurora curtains | with aurora borealis",
        kept="with polar lights",
    ),
    "rainbow": words(
        clauses="with a rainbow | under a rainbow | and a colorful rainbow | with a bright rainbow",
        kept="with a colored arc in the sky",
    ),
    "balloons": words(
        clauses="with hot air balloons | and balloons in the sky | with colorful balloons | "
        "with balloons drifting by",
        kept="with aerostats",
    ),
    "birds": words(
        clauses="with birds | and a flock of birds | with birds flying | "
        "with flying birds in the sky | and seagulls",
        kept="with geese overhead",
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

"""The vocabulary of place, hour, weather and sky, and the table of all attributes.

`captions` decides how phrases are put together.
"""

from __future__ import annotations

from training.world.phrases_of_things import CAMERA, SEASON, STYLE, SUBJECT
from training.world.words import words

BIOME = {
    "coast": words(
        nouns="a coast | the seashore | a coastline | a rocky coast | a shoreline | "
        "a seaside landscape | a bay with cliffs | the coast | cliffs above the sea | "
        "a wild shore | a stretch of coast | rocks and surf | the seaside",
        kept="a headland by the sea",
    ),
    "ocean": words(
        nouns="the open ocean | the sea | a vast ocean | an endless sea | the high seas | "
        "ocean waves | calm sea | the ocean | the open sea | a wide blue sea | "
        "waves on the open water | the deep sea | a seascape | an empty ocean",
        kept="nothing but water to the horizon",
    ),
    "lake": words(
        nouns="a lake | a quiet lake | a mountain lake | a lake with reflections | "
        "a lakeside | a still lake between hills | lake water | a broad lake | "
        "a calm lake | a lake among hills | a reflecting lake | lakeside scenery",
        kept="the shore of a pond",
    ),
    "mountains": words(
        nouns="mountains | snowy peaks | a mountain range | high mountains | "
        "an alpine landscape | the alps | rugged mountains | a mountain landscape | "
        "steep mountains | mountain tops | jagged peaks | a chain of mountains | "
        "the himalayas | rocky mountains",
        kept="alpine summits",
    ),
    "desert": words(
        nouns="a desert | sand dunes | desert dunes | a sandy desert | the sahara | "
        "rolling dunes | an arid desert | the desert | dunes | a dry desert | "
        "a landscape of dunes | hot sands | a desert of sand | the gobi desert",
        kept="a sea of sand",
    ),
    "forest": words(
        nouns="a forest | deep woods | a woodland | a dense forest | "
        "a forest of tall trees | the woods | the forest | a wood | trees upon trees | "
        "a thick forest | pines and firs | a fir forest | the deep forest | a wild wood",
        kept="a grove of trees",
    ),
    "meadow": words(
        nouns="a meadow | rolling hills | green hills | grassland | a grassy field | "
        "countryside | meadows and hills | fields | the countryside | grassy hills | "
        "a green field | farmland | a wide meadow | prairie grass | "
        "a hilly landscape of grass",
        kept="pastures",
    ),
    "city": words(
        nouns="a city | a city skyline | skyscrapers | a big city | downtown towers | "
        "an urban skyline | tall buildings | the city | a town of high-rises | "
        "office towers | a modern city | city lights and towers | "
        "high-rise buildings | new york | tokyo",
        kept="a metropolis",
    ),
    "arctic": words(
        nouns="the arctic | icebergs | a frozen sea | a polar landscape | the north pole | "
        "ice and snow by the sea | a glacier coast | an arctic sea | drifting ice | "
        "the ice of the far north | an icy sea | ice floes | greenland | "
        "a cold sea full of ice",
        kept="antarctica",
    ),
    "canyon": words(
        nouns="a canyon | red rock mesas | a red canyon | desert buttes | canyon walls | "
        "a landscape of red rocks | the canyon | red cliffs | "
        "table mountains of red stone | mesas | monument valley | "
        "a canyon of red stone | layered red rock",
        kept="a sandstone gorge",
    ),
    "island": words(
        nouns="a tropical island | a tropical beach | palm trees on a beach | "
        "an island with palms | a palm beach | a tropical lagoon | the tropics | "
        "a beach with palm trees | an island in a warm sea | hawaii | "
        "a caribbean beach | palms by the water | a south sea island",
        kept="a paradise beach",
    ),
    "village": words(
        nouns="a village | a small town | a village with a church | a quiet village | "
        "houses in a valley | a little town with red roofs | the village | "
        "a country town | little houses and a church tower | a village in the hills | "
        "cottages | an old village",
        kept="a hamlet",
    ),
    "volcano": words(
        nouns="a volcano | an erupting volcano | a volcano with lava | lava flows | "
        "a smoking volcano | a volcanic landscape | the volcano | a fire mountain | "
        "a mountain spitting lava | an active volcano | glowing lava on a mountain | "
        "mount etna",
        kept="molten rock on a mountain",
    ),
    "savanna": words(
        nouns="the savanna | an african savanna | acacia trees | "
        "a dry grassland with acacias | golden plains | the serengeti | savanna | "
        "plains with acacia trees | an african landscape | the bush of kenya | "
        "flat-topped trees on dry grass | safari country",
        kept="the african plains",
    ),
}
TIME = {
    "dawn": words(
        clauses="at dawn | at sunrise | in the early morning | at daybreak | "
        "in soft morning light | as morning breaks | as the sun comes up | "
        "in the pale light of morning | at the break of day | in the morning | "
        "on a fresh morning | while the sun is rising",
        adjectives="dawn-lit | early morning",
        kept="at first light",
    ),
    "day": words(
        clauses="at noon | by day | in daylight | at midday | during the day | "
        "in bright daylight | in the middle of the day | on a bright day | "
        "in the midday sun | at twelve o'clock | in full daylight | at high noon | "
        "in the daytime",
        adjectives="daytime | bright",
        kept="in the early afternoon",
    ),
    "sunset": words(
        clauses="at sunset | in the evening sun | at golden hour | as the sun goes down | "
        "in orange evening light | at sundown | while the sun is setting | "
        "in the evening | with a burning evening sky | in the last rays of the sun | "
        "in warm evening light | with a red evening sky",
        adjectives="sunset | golden hour",
        kept="as the day ends in fire",
    ),
    "dusk": words(
        clauses="at dusk | at twilight | in the blue hour | after sunset | at nightfall | "
        "in the fading light | at the edge of night | between day and night | "
        "in violet twilight | as it gets dark | just after sundown | "
        "when the lights come on",
        adjectives="twilight | dusky",
        kept="in the gloaming",
    ),
    "night": words(
        clauses="at night | by night | in the dark of night | at midnight | late at night | "
        "in the middle of the night | after dark | in darkness | under the night sky | "
        "when everyone sleeps | on a dark night | at one in the morning",
        adjectives="nighttime | nocturnal | dark",
        kept="in the small hours",
    ),
}
WEATHER = {
    "clear": words(
        clauses="under a clear sky | in clear weather | with a cloudless sky | "
        "in fine weather | without a cloud | with clear skies | under a spotless sky | "
        "in dry weather | not a cloud in sight",
        adjectives="clear",
        kept="in fair weather",
    ),
    "cloudy": words(
        clauses="under a cloudy sky | with drifting clouds | under clouds | with many clouds | "
        "with a sky full of clouds | under a sky of clouds | with clouds moving past | "
        "in cloudy weather | under heavy clouds | below a layer of clouds | "
        "with big clouds",
        adjectives="cloudy",
        kept="beneath an overcast sky",
    ),
    "rain": words(
        clauses="in the rain | while it rains | in heavy rain | on a rainy day | "
        "with falling rain | in pouring rain | as rain comes down | "
        "with rain streaks | in wet weather | under rain | during a shower",
        adjectives="rainy | wet",
        kept="in a downpour",
    ),
    "snow": words(
        clauses="in falling snow | while it snows | with snowflakes in the air | "
        "in a snowfall | during snowfall | as snow comes down | in heavy snow | "
        "with falling flakes | under falling snow | in a snowstorm | "
        "while snow is falling",
        adjectives="snowy",
        kept="in a flurry",
    ),
    "fog": words(
        clauses="in fog | in thick fog | in the mist | wrapped in fog | covered by haze | "
        "in dense mist | under a blanket of fog | fading into fog | "
        "with fog everywhere | in a misty haze | lost in the mist",
        adjectives="foggy | misty | hazy",
        kept="veiled in vapor",
    ),
    "storm": words(
        clauses="in a storm | in a thunderstorm | with lightning | under dark storm clouds | "
        "while a storm rages | during a thunderstorm | with thunder and lightning | "
        "in wild weather | as lightning strikes | in stormy weather | "
        "under a black storm sky",
        adjectives="stormy",
        kept="in a tempest",
    ),
}
SKY = {
    "sun": words(
        clauses="with the sun in the sky | with a bright sun | with the sun shining | "
        "under the sun | and a visible sun | with a shining sun | and the sun above | "
        "with the sun out | as the sun shines | and a round sun",
        adjectives="sunny",
        kept="with a glowing solar disc",
    ),
    "moon": words(
        clauses="with a full moon | under the moon | in moonlight | with the moon in the sky | "
        "and a bright moon | with a round moon | lit by the moon | beneath the moon | "
        "with moonlight | and the full moon",
        adjectives="moonlit",
        kept="with a lunar disc above",
    ),
    "stars": words(
        clauses="under the stars | with a starry sky | with the milky way | "
        "with countless stars | under a sky full of stars | with stars | "
        "under a million stars | as the stars shine | and bright stars above | "
        "on a starlit night | full of stars",
        adjectives="starry",
        kept="beneath a galaxy of stars",
    ),
    "aurora": words(
        clauses="with northern lights | under the aurora | with an aurora in the sky | "
        "and green aurora curtains | with aurora borealis | "
        "with green lights in the sky | under the northern lights | "
        "as an aurora glows | with dancing northern lights",
        kept="with polar lights",
    ),
    "rainbow": words(
        clauses="with a rainbow | under a rainbow | and a colorful rainbow | "
        "with a bright rainbow | and a rainbow | with a rainbow in the sky | "
        "as a rainbow appears | below a rainbow",
        kept="with a colored arc in the sky",
    ),
    "balloons": words(
        clauses="with hot air balloons | and balloons in the sky | with colorful balloons | "
        "with balloons drifting by | with a few hot air balloons | "
        "as hot air balloons rise | and hot air balloons | under hot air balloons",
        kept="with aerostats",
    ),
    "birds": words(
        clauses="with birds | and a flock of birds | with birds flying | "
        "with flying birds in the sky | and seagulls | with a flock of birds | "
        "as birds fly over | and birds in the sky | with gulls | and a swarm of birds",
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

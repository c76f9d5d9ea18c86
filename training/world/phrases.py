"""The vocabulary of place, hour, weather and sky, and the table of all attributes.

`captions` decides how phrases are put together.
"""

from __future__ import annotations

from training.world.phrases_of_things import CAMERA, SEASON, STYLE, SUBJECT
from training.world.words import words

BIOME = {
    "coast": words(
        nouns="a coast | the seashore | a coastline | a rocky coast | a shoreline | a seaside "
        "landscape | a bay with cliffs | the coast | cliffs above the sea | a wild shore | a "
        "stretch of coast | rocks and surf | the seaside | a beach below cliffs | sea cliffs | "
        "where the land meets the sea | a cliff coast | waves breaking on rocks | a coast of "
        "stone",
        kept="a headland by the sea",
    ),
    "ocean": words(
        nouns="the open ocean | the sea | a vast ocean | an endless sea | the high seas | ocean "
        "waves | calm sea | the ocean | the open sea | a wide blue sea | waves on the open "
        "water | the deep sea | a seascape | an empty ocean | the atlantic | the pacific | "
        "rolling waves | a big sea | far out at sea | sea and sky | swell on the open sea | "
        "blue water everywhere",
        kept="nothing but water to the horizon",
    ),
    "lake": words(
        nouns="a lake | a quiet lake | a mountain lake | a lake with reflections | a lakeside | "
        "a still lake between hills | lake water | a broad lake | a calm lake | a lake among "
        "hills | a reflecting lake | lakeside scenery | a loch | lake como | water between "
        "hills | a lake like a mirror | calm water and hills | a swiss lake | a body of still "
        "water",
        kept="the shore of a pond",
    ),
    "mountains": words(
        nouns="mountains | snowy peaks | a mountain range | high mountains | an alpine "
        "landscape | the alps | rugged mountains | a mountain landscape | steep mountains | "
        "mountain tops | jagged peaks | a chain of mountains | the himalayas | rocky mountains "
        "| the andes | high peaks | tall mountains | mont blanc | a mountain world | a wall of "
        "mountains | snow-capped mountains",
        kept="alpine summits",
    ),
    "desert": words(
        nouns="a desert | sand dunes | desert dunes | a sandy desert | the sahara | rolling "
        "dunes | an arid desert | the desert | dunes | a dry desert | a landscape of dunes | "
        "hot sands | a desert of sand | the gobi desert | sand as far as one can see | yellow "
        "dunes | a sand desert | waves of sand | the arabian desert | dry dunes | an empty "
        "desert",
        kept="a sea of sand",
    ),
    "forest": words(
        nouns="a forest | deep woods | a woodland | a dense forest | a forest of tall trees | "
        "the woods | the forest | a wood | trees upon trees | a thick forest | pines and firs | "
        "a fir forest | the deep forest | a wild wood | tall trees | a wall of trees | conifers "
        "| the taiga | the black forest | spruce trees | woodland with tall trunks | a dark "
        "wood",
        kept="a grove of trees",
    ),
    "meadow": words(
        nouns="a meadow | rolling hills | green hills | grassland | a grassy field | "
        "countryside | meadows and hills | fields | the countryside | grassy hills | a green "
        "field | farmland | a wide meadow | prairie grass | a hilly landscape of grass | a "
        "grassland with hills | soft green hills | the prairie | a field of grass | rural land "
        "| the green countryside | lawns and hills | a lea",
        kept="pastures",
    ),
    "city": words(
        nouns="a city | a city skyline | skyscrapers | a big city | downtown towers | an urban "
        "skyline | tall buildings | the city | a town of high-rises | office towers | a modern "
        "city | city lights and towers | high-rise buildings | new york | tokyo | a downtown | "
        "a skyline of towers | manhattan | a megacity | the big city | glass towers | blocks of "
        "flats and towers | chicago",
        kept="a metropolis",
    ),
    "arctic": words(
        nouns="the arctic | icebergs | a frozen sea | a polar landscape | the north pole | ice "
        "and snow by the sea | a glacier coast | an arctic sea | drifting ice | the ice of the "
        "far north | an icy sea | ice floes | greenland | a cold sea full of ice | a sea of ice "
        "| polar ice | glaciers by the sea | an ice landscape | the frozen north | spitsbergen "
        "| an iceberg | frozen water and ice",
        kept="antarctica",
    ),
    "canyon": words(
        nouns="a canyon | red rock mesas | a red canyon | desert buttes | canyon walls | a "
        "landscape of red rocks | the canyon | red cliffs | table mountains of red stone | "
        "mesas | monument valley | a canyon of red stone | layered red rock | the grand canyon "
        "| red buttes | a red rock landscape | utah | arizona | cliffs of red stone | rock "
        "towers",
        kept="a sandstone gorge",
    ),
    "island": words(
        nouns="a tropical island | a tropical beach | palm trees on a beach | an island with "
        "palms | a palm beach | a tropical lagoon | the tropics | a beach with palm trees | an "
        "island in a warm sea | hawaii | a caribbean beach | palms by the water | a south sea "
        "island | a lagoon with palms | the maldives | a palm island | a holiday beach | a "
        "coral island | coconut palms | bali | tropical shores",
        kept="a paradise beach",
    ),
    "village": words(
        nouns="a village | a small town | a village with a church | a quiet village | houses in "
        "a valley | a little town with red roofs | the village | a country town | little houses "
        "and a church tower | a village in the hills | cottages | an old village | a small "
        "village | a settlement of small houses | village houses | a church among houses | a "
        "rural town | red roofs and a steeple | a market town | a handful of houses",
        kept="a hamlet",
    ),
    "volcano": words(
        nouns="a volcano | an erupting volcano | a volcano with lava | lava flows | a smoking "
        "volcano | a volcanic landscape | the volcano | a fire mountain | a mountain spitting "
        "lava | an active volcano | glowing lava on a mountain | mount etna | vesuvius | a "
        "volcanic eruption | a burning mountain | a crater with lava | lava and smoke | a lava "
        "mountain | krakatoa | an eruption",
        kept="molten rock on a mountain",
    ),
    "savanna": words(
        nouns="the savanna | an african savanna | acacia trees | a dry grassland with acacias | "
        "golden plains | the serengeti | savanna | plains with acacia trees | an african "
        "landscape | the bush of kenya | flat-topped trees on dry grass | safari country | the "
        "steppe of africa | tanzania | dry plains | a safari landscape | yellow grass and "
        "acacias | umbrella trees on a plain | the masai mara",
        kept="the african plains",
    ),
}
TIME = {
    "dawn": words(
        clauses="at dawn | at sunrise | in the early morning | at daybreak | in soft morning "
        "light | as morning breaks | as the sun comes up | in the pale light of morning | at "
        "the break of day | in the morning | on a fresh morning | while the sun is rising | as "
        "the night ends | when the day begins | in cool morning light | with the first glow in "
        "the east | when the birds wake up | at six in the morning | on an early morning | as "
        "the new day starts | in the rosy morning | before breakfast",
        adjectives="dawn-lit | early morning",
        kept="at first light",
    ),
    "day": words(
        clauses="at noon | by day | in daylight | at midday | during the day | in bright "
        "daylight | in the middle of the day | on a bright day | in the midday sun | at twelve "
        "o'clock | in full daylight | at high noon | in the daytime | at lunchtime | in the "
        "late morning | around two o'clock | in the full light of day | on a sunlit day | in "
        "broad daylight | on an ordinary day | in plain daylight",
        adjectives="daytime | bright",
        kept="in the early afternoon",
    ),
    "sunset": words(
        clauses="at sunset | in the evening sun | at golden hour | as the sun goes down | in "
        "orange evening light | at sundown | while the sun is setting | in the evening | with a "
        "burning evening sky | in the last rays of the sun | in warm evening light | with a red "
        "evening sky | as the sun sinks | in golden evening light | when the sky turns orange | "
        "at the golden end of the day | under a glowing evening sky | as the sun dips below the "
        "horizon | when the sun sets | in amber light | under an orange and red sky",
        adjectives="sunset | golden hour",
        kept="as the day ends in fire",
    ),
    "dusk": words(
        clauses="at dusk | at twilight | in the blue hour | after sunset | at nightfall | in "
        "the fading light | at the edge of night | between day and night | in violet twilight | "
        "as it gets dark | just after sundown | when the lights come on | as darkness falls | "
        "as night draws near | as evening falls | in the half dark | late in the evening | when "
        "the sun has gone | in the last grey light | in dim purple light | under a violet sky | "
        "before night comes | in deep blue light",
        adjectives="twilight | dusky",
        kept="in the gloaming",
    ),
    "night": words(
        clauses="at night | by night | in the dark of night | at midnight | late at night | in "
        "the middle of the night | after dark | in darkness | under the night sky | when "
        "everyone sleeps | on a dark night | at one in the morning | deep in the night | long "
        "after midnight | in the black of night | at two in the morning | while the world "
        "sleeps | at the darkest hour | in pitch darkness | all night long",
        adjectives="nighttime | nocturnal | dark",
        kept="in the small hours",
    ),
}
WEATHER = {
    "clear": words(
        clauses="under a clear sky | in clear weather | with a cloudless sky | in fine weather "
        "| without a cloud | with clear skies | under a spotless sky | in dry weather | not a "
        "cloud in sight | on a clear day | with a bare sky | under an empty sky | in settled "
        "weather | in good weather",
        adjectives="clear",
        kept="in fair weather",
    ),
    "cloudy": words(
        clauses="under a cloudy sky | with drifting clouds | under clouds | with many clouds | "
        "with a sky full of clouds | under a sky of clouds | with clouds moving past | in "
        "cloudy weather | under heavy clouds | below a layer of clouds | with big clouds | "
        "under a grey sky | with clouds overhead | on a cloudy day | under a ceiling of clouds "
        "| with gathering clouds | on a dull day | with a lid of cloud",
        adjectives="cloudy",
        kept="beneath an overcast sky",
    ),
    "rain": words(
        clauses="in the rain | while it rains | in heavy rain | on a rainy day | with falling "
        "rain | in pouring rain | as rain comes down | with rain streaks | in wet weather | "
        "under rain | during a shower | in drizzle | with raindrops falling | on a wet day | as "
        "it pours | raining | with rain everywhere | in a rainstorm",
        adjectives="rainy | wet",
        kept="in a downpour",
    ),
    "snow": words(
        clauses="in falling snow | while it snows | with snowflakes in the air | in a snowfall "
        "| during snowfall | as snow comes down | in heavy snow | with falling flakes | under "
        "falling snow | in a snowstorm | while snow is falling | snowing | in a blizzard | as "
        "flakes drift down | on a snowy day | in whirling snow | with fresh snow falling",
        adjectives="snowy",
        kept="in a flurry",
    ),
    "fog": words(
        clauses="in fog | in thick fog | in the mist | wrapped in fog | covered by haze | in "
        "dense mist | under a blanket of fog | fading into fog | with fog everywhere | in a "
        "misty haze | lost in the mist | in a white haze | on a foggy day | in a sea of mist | "
        "half hidden by mist | behind a curtain of fog | in murky air | where the fog is thick "
        "| in low cloud",
        adjectives="foggy | misty | hazy",
        kept="veiled in vapor",
    ),
    "storm": words(
        clauses="in a storm | in a thunderstorm | with lightning | under dark storm clouds | "
        "while a storm rages | during a thunderstorm | with thunder and lightning | in wild "
        "weather | as lightning strikes | in stormy weather | under a black storm sky | in a "
        "gale | on a stormy day | with flashes of lightning | in a raging storm | in a violent "
        "storm | as thunder rolls | under thunderclouds | in a hurricane",
        adjectives="stormy",
        kept="in a tempest",
    ),
}
SKY = {
    "sun": words(
        clauses="with the sun in the sky | with a bright sun | with the sun shining | under the "
        "sun | and a visible sun | with a shining sun | and the sun above | with the sun out | "
        "as the sun shines | and a round sun | with a big sun | sunshine | in sunshine | with "
        "the sun above it | and a blazing sun | with a yellow sun",
        adjectives="sunny",
        kept="with a glowing solar disc",
    ),
    "moon": words(
        clauses="with a full moon | under the moon | in moonlight | with the moon in the sky | "
        "and a bright moon | with a round moon | lit by the moon | beneath the moon | with "
        "moonlight | and the full moon | and the moon above | with the moon high up",
        adjectives="moonlit",
        kept="with a lunar disc above",
    ),
    "stars": words(
        clauses="under the stars | with a starry sky | with the milky way | with countless "
        "stars | under a sky full of stars | with stars | under a million stars | as the stars "
        "shine | and bright stars above | on a starlit night | full of stars | with a thousand "
        "stars | and twinkling stars",
        adjectives="starry",
        kept="beneath a galaxy of stars",
    ),
    "aurora": words(
        clauses="with northern lights | under the aurora | with an aurora in the sky | and "
        "green aurora curtains | with aurora borealis | with green lights in the sky | under "
        "the northern lights | as an aurora glows | with dancing northern lights | and green "
        "lights in the sky | with lights of the north | with dancing lights in the sky",
        kept="with polar lights",
    ),
    "rainbow": words(
        clauses="with a rainbow | under a rainbow | and a colorful rainbow | with a bright "
        "rainbow | and a rainbow | with a rainbow in the sky | as a rainbow appears | below a "
        "rainbow | and a rainbow over it | with a bright rainbow in the sky | with all the "
        "colors of the rainbow | beneath a rainbow | and a big rainbow",
        kept="with a colored arc in the sky",
    ),
    "balloons": words(
        clauses="with hot air balloons | and balloons in the sky | with colorful balloons | "
        "with balloons drifting by | with a few hot air balloons | as hot air balloons rise | "
        "and hot air balloons | under hot air balloons | and floating balloons | with a balloon "
        "drifting by",
        kept="with aerostats",
    ),
    "birds": words(
        clauses="with birds | and a flock of birds | with birds flying | with flying birds in "
        "the sky | and seagulls | with a flock of birds | as birds fly over | and birds in the "
        "sky | with gulls | and a swarm of birds | with gulls overhead | as birds fly by | with "
        "some birds above | and crows in the air",
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

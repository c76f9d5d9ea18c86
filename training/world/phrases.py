"""The words: every attribute value in several phrasings, the last ones kept for evaluation.

Decides vocabulary only; `captions` decides how phrases are put together.

A noun phrase stands on its own ("a quiet lake"), an adjective goes before a noun ("misty"), a
clause goes after it ("at dawn", "with a rainbow").
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


BIOME = {
    "coast": Words(nouns=("a coast", "the seashore", "a coastline", "a rocky coast", "a shoreline",
                          "a seaside landscape", "a bay with cliffs"), kept=("a headland by the sea",)),
    "ocean": Words(nouns=("the open ocean", "the sea", "a vast ocean", "an endless sea", "the high seas",
                          "ocean waves", "calm sea"), kept=("nothing but water to the horizon",)),
    "lake": Words(nouns=("a lake", "a quiet lake", "a mountain lake", "a lake with reflections",
                         "a lakeside", "a still lake between hills"), kept=("the shore of a pond",)),
    "mountains": Words(nouns=("mountains", "snowy peaks", "a mountain range", "high mountains",
                              "an alpine landscape", "the alps", "rugged mountains"), kept=("alpine summits",)),
    "desert": Words(nouns=("a desert", "sand dunes", "desert dunes", "a sandy desert", "the sahara",
                           "rolling dunes", "an arid desert"), kept=("a sea of sand",)),
    "forest": Words(nouns=("a forest", "deep woods", "a woodland", "a dense forest", "a forest of tall trees",
                           "the woods"), kept=("a grove of trees",)),
    "meadow": Words(nouns=("a meadow", "rolling hills", "green hills", "grassland", "a grassy field",
                           "countryside", "meadows and hills"), kept=("pastures",)),
    "city": Words(nouns=("a city", "a city skyline", "skyscrapers", "a big city", "downtown towers",
                         "an urban skyline", "tall buildings"), kept=("a metropolis",)),
    "arctic": Words(nouns=("the arctic", "icebergs", "a frozen sea", "a polar landscape", "the north pole",
                           "ice and snow by the sea", "a glacier coast"), kept=("antarctica",)),
    "canyon": Words(nouns=("a canyon", "red rock mesas", "a red canyon", "desert buttes", "canyon walls",
                           "a landscape of red rocks"), kept=("a sandstone gorge",)),
    "island": Words(nouns=("a tropical island", "a tropical beach", "palm trees on a beach",
                           "an island with palms", "a palm beach", "a tropical lagoon"), kept=("a paradise beach",)),
    "village": Words(nouns=("a village", "a small town", "a village with a church", "a quiet village",
                            "houses in a valley", "a little town with red roofs"), kept=("a hamlet",)),
    "volcano": Words(nouns=("a volcano", "an erupting volcano", "a volcano with lava", "lava flows",
                            "a smoking volcano", "a volcanic landscape"), kept=("molten rock on a mountain",)),
    "savanna": Words(nouns=("the savanna", "an african savanna", "acacia trees", "a dry grassland with acacias",
                            "golden plains", "the serengeti"), kept=("the african plains",)),
}  # fmt: skip
TIME = {
    "dawn": Words(("at dawn", "at sunrise", "in the early morning", "at daybreak", "in soft morning light"),
                  ("dawn-lit", "early morning"), kept=("at first light",)),
    "day": Words(("at noon", "by day", "in daylight", "at midday", "during the day", "in bright daylight"),
                 ("daytime", "bright"), kept=("in the early afternoon",)),
    "sunset": Words(("at sunset", "in the evening sun", "at golden hour", "as the sun goes down",
                     "in orange evening light"), ("sunset", "golden hour"), kept=("as the day ends in fire",)),
    "dusk": Words(("at dusk", "at twilight", "in the blue hour", "after sunset", "at nightfall"),
                  ("twilight", "dusky"), kept=("in the gloaming",)),
    "night": Words(("at night", "by night", "in the dark of night", "at midnight", "late at night"),
                   ("nighttime", "nocturnal", "dark"), kept=("in the small hours",)),
}  # fmt: skip
WEATHER = {
    "clear": Words(("under a clear sky", "in clear weather", "with a cloudless sky", "in fine weather"),
                   ("clear",), kept=("in fair weather",)),
    "cloudy": Words(("under a cloudy sky", "with drifting clouds", "under clouds", "with many clouds",
                     "with a sky full of clouds"), ("cloudy",), kept=("beneath an overcast sky",)),
    "rain": Words(("in the rain", "while it rains", "in heavy rain", "on a rainy day", "with falling rain"),
                  ("rainy", "wet"), kept=("in a downpour",)),
    "snow": Words(("in falling snow", "while it snows", "with snowflakes in the air", "in a snowfall",
                   "during snowfall"), ("snowy",), kept=("in a flurry",)),
    "fog": Words(("in fog", "in thick fog", "in the mist", "wrapped in fog", "covered by haze"),
                 ("foggy", "misty", "hazy"), kept=("veiled in vapor",)),
    "storm": Words(("in a storm", "in a thunderstorm", "with lightning", "under dark storm clouds",
                    "while a storm rages"), ("stormy",), kept=("in a tempest",)),
}  # fmt: skip
SKY = {
    "sun": Words(("with the sun in the sky", "with a bright sun", "with the sun shining", "under the sun",
                  "and a visible sun"), ("sunny",), kept=("with a glowing solar disc",)),
    "moon": Words(("with a full moon", "under the moon", "in moonlight", "with the moon in the sky",
                   "and a bright moon"), ("moonlit",), kept=("with a lunar disc above",)),
    "stars": Words(("under the stars", "with a starry sky", "with the milky way", "with countless stars",
                    "under a sky full of stars"), ("starry",), kept=("beneath a galaxy of stars",)),
    "aurora": Words(("with northern lights", "under the aurora", "with an aurora in the sky",
                     "and green aurora curtains", "with aurora borealis"), kept=("with polar lights",)),
    "rainbow": Words(("with a rainbow", "under a rainbow", "and a colorful rainbow", "with a bright rainbow"),
                     kept=("with a colored arc in the sky",)),
    "balloons": Words(("with hot air balloons", "and balloons in the sky", "with colorful balloons",
                       "with balloons drifting by"), kept=("with aerostats",)),
    "birds": Words(("with birds", "and a flock of birds", "with birds flying", "with flying birds in the sky",
                    "and seagulls"), kept=("with geese overhead",)),
}  # fmt: skip
SEASON = {
    "spring": Words(("in spring", "in springtime", "with blossoming trees", "with spring blossoms"),
                    ("spring", "blooming"), kept=("in april",)),
    "summer": Words(("in summer", "in summertime", "on a summer's day", "lush and green"), ("summer",),
                    kept=("in july",)),
    "autumn": Words(("in autumn", "in fall", "with autumn colors", "with orange leaves"),
                    ("autumn", "autumnal"), kept=("in october",)),
    "winter": Words(("in winter", "in wintertime", "covered in snow", "with snow on the ground"),
                    ("winter", "wintry", "snow-covered"), kept=("in january",)),
}  # fmt: skip
SUBJECT = {
    "sailboat": Words(("with a sailboat", "and a sailing boat", "with a boat sailing by", "and a small sailboat"),
                      kept=("with a yacht",)),
    "lighthouse": Words(("with a lighthouse", "and a lighthouse on the cliff", "with a red and white lighthouse"),
                        kept=("with a beacon tower",)),
    "cabin": Words(("with a cabin", "and a small house", "with a cottage", "with a lonely hut",
                    "and a little house"), kept=("with a chalet",)),
    "train": Words(("with a train passing", "and a train", "with a passing train", "and a moving train"),
                   kept=("with railway cars rolling by",)),
    "car": Words(("with a car", "and a car driving by", "with a car passing", "and a moving car"),
                 kept=("with an automobile",)),
    "windmill": Words(("with a windmill", "and an old windmill", "with a turning windmill"),
                      kept=("with a mill and its sails",)),
}  # fmt: skip
CAMERA = {
    "still": Words(("static camera", "still shot", "the camera does not move"), kept=("tripod shot",)),
    "pan left": Words(("panning left", "the camera pans left", "camera moves to the left", "slow pan left"),
                      kept=("tracking leftward",)),
    "pan right": Words(("panning right", "the camera pans right", "camera moves to the right",
                        "slow pan right"), kept=("tracking rightward",)),
    "rise": Words(("the camera rises", "rising camera", "camera moves up", "crane shot going up"),
                  kept=("ascending view",)),
    "forward": Words(("moving forward", "the camera moves forward", "flying forward", "slow zoom in"),
                     kept=("pushing in",)),
}  # fmt: skip
STYLE = {
    "natural": Words(("realistic", "photo", "natural colors"), nouns=("a photo of", "a realistic view of"),
                     kept=("true to life",)),
    "watercolor": Words(("watercolor", "in watercolor", "watercolor painting", "painted in watercolor",
                         "as an aquarelle"), nouns=("a watercolor of", "a watercolor painting of"),
                        kept=("in wet paint on paper",)),
    "neon": Words(("neon", "in neon colors", "neon style", "synthwave", "in a cyberpunk style", "vaporwave"),
                  nouns=("a neon picture of", "a synthwave scene of"), kept=("in glowing retro colors",)),
    "monochrome": Words(("black and white", "in black and white", "monochrome", "black and white film"),
                        nouns=("a black and white photo of",), kept=("in shades of gray",)),
    "pastel": Words(("pastel", "in pastel colors", "pastel style", "in soft pastel tones"),
                    nouns=("a pastel drawing of",), kept=("in pale delicate tints",)),
    "sepia": Words(("sepia", "in sepia tones", "vintage photo", "like an old photograph"),
                   nouns=("a sepia photo of", "an old photograph of"), kept=("like a faded antique print",)),
}  # fmt: skip
PHRASES = {
    "biome": BIOME, "time": TIME, "weather": WEATHER, "sky": SKY, "season": SEASON,
    "subject": SUBJECT, "camera": CAMERA, "style": STYLE,
}  # fmt: skip

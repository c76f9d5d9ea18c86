"""The vocabulary of season, subject, camera and style."""

from __future__ import annotations

from training.world.words import words

SEASON = {
    "spring": words(
        clauses="in spring | in springtime | with blossoming trees | with spring blossoms | "
        "in the spring | with flowers and blossoms | when the trees bloom",
        adjectives="spring | blooming",
        kept="in april",
    ),
    "summer": words(
        clauses="in summer | in summertime | on a summer's day | lush and green | "
        "in high summer | in the summer | on a warm summer day",
        adjectives="summer",
        kept="in july",
    ),
    "autumn": words(
        clauses="in autumn | in fall | with autumn colors | with orange leaves | "
        "in the autumn | with red and yellow leaves | with colored foliage",
        adjectives="autumn | autumnal",
        kept="in october",
    ),
    "winter": words(
        clauses="in winter | in wintertime | covered in snow | with snow on the ground | "
        "in the winter | under snow | white with snow | in deep snow",
        adjectives="winter | wintry | snow-covered",
        kept="in january",
    ),
}
SUBJECT = {
    "sailboat": words(
        clauses="with a sailboat | and a sailing boat | with a boat sailing by | "
        "and a small sailboat | with a sail on the water | and a boat under sail | "
        "with a lonely sailboat | and a sailing ship",
        kept="with a yacht",
    ),
    "lighthouse": words(
        clauses="with a lighthouse | and a lighthouse on the cliff | "
        "with a red and white lighthouse | and a lighthouse | with an old lighthouse | "
        "next to a lighthouse",
        kept="with a beacon tower",
    ),
    "cabin": words(
        clauses="with a cabin | and a small house | with a cottage | with a lonely hut | "
        "and a little house | with a house | and a wooden cabin | and a farmhouse | "
        "with a log cabin",
        kept="with a chalet",
    ),
    "train": words(
        clauses="with a train passing | and a train | with a passing train | "
        "and a moving train | with a railway train | as a train goes by | "
        "and a train on its way",
        kept="with railway cars rolling by",
    ),
    "car": words(
        clauses="with a car | and a car driving by | with a car passing | and a moving car | "
        "with a red car | as a car drives past | with a car on the road | "
        "and a passing car",
        kept="with an automobile",
    ),
    "windmill": words(
        clauses="with a windmill | and an old windmill | with a turning windmill | "
        "and a windmill | with an old windmill | next to a windmill",
        kept="with a mill and its sails",
    ),
}
CAMERA = {
    "still": words(
        clauses="static camera | still shot | the camera does not move | fixed camera | "
        "no camera movement",
        kept="tripod shot",
    ),
    "pan left": words(
        clauses="panning left | the camera pans left | camera moves to the left | "
        "slow pan left | looking to the left | camera turning left",
        kept="tracking leftward",
    ),
    "pan right": words(
        clauses="panning right | the camera pans right | camera moves to the right | "
        "slow pan right | looking to the right | camera turning right",
        kept="tracking rightward",
    ),
    "rise": words(
        clauses="the camera rises | rising camera | camera moves up | crane shot going up | "
        "going up | the view rises",
        kept="ascending view",
    ),
    "forward": words(
        clauses="moving forward | the camera moves forward | flying forward | slow zoom in | "
        "dolly forward | travelling forward | zooming in",
        kept="pushing in",
    ),
}
STYLE = {
    "natural": words(
        clauses="realistic | photo | natural colors | photorealistic | a real photograph | "
        "lifelike colors",
        nouns="a photo of | a realistic view of",
        kept="true to life",
    ),
    "watercolor": words(
        clauses="watercolor | in watercolor | watercolor painting | painted in watercolor | as "
        "an aquarelle | watercolour | a watercolour painting | like a watercolor | painted with "
        "watercolors | in soft watercolors | as a painting | a painted scene | with washes of "
        "color | hand painted",
        nouns="a watercolor of | a watercolor painting of",
        kept="in wet paint on paper",
    ),
    "neon": words(
        clauses="neon | in neon colors | neon style | synthwave | in a cyberpunk style | "
        "vaporwave | with neon lights | glowing pink and cyan | in eighties neon | retro wave | "
        "in electric colors | like an eighties video game | outrun style | with glowing neon "
        "colors | in fluorescent colors | in pink and blue neon",
        nouns="a neon picture of | a synthwave scene of",
        kept="in glowing retro colors",
    ),
    "monochrome": words(
        clauses="black and white | in black and white | monochrome | black and white film | "
        "without color | grayscale | in grey tones | like an old film in black and white | in "
        "greys | noir | a black and white picture | colorless | without any colors | "
        "desaturated",
        nouns="a black and white photo of",
        kept="in shades of gray",
    ),
    "pastel": words(
        clauses="pastel | in pastel colors | pastel style | in soft pastel tones | in gentle "
        "pastels | soft and pastel | with chalky pastel colors | pastel drawing | in light "
        "pastel shades | in powdery colors | in soft candy colors | in faint soft colors | with "
        "milky colors",
        nouns="a pastel drawing of",
        kept="in pale delicate tints",
    ),
    "sepia": words(
        clauses="sepia | in sepia tones | vintage photo | like an old photograph | sepia toned "
        "| in brown tones | an old brown photograph | like a photo from 1900 | in brown and "
        "cream | like a postcard from long ago | a photo from long ago | in old-time brown | "
        "like a yellowed photograph | in the look of the nineteenth century",
        nouns="a sepia photo of | an old photograph of",
        kept="like a faded antique print",
    ),
}

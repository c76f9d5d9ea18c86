"""The vocabulary of season, subject, camera and style."""

from __future__ import annotations

from training.world.words import words

SEASON = {
    "spring": words(
        clauses="in spring | in springtime | with blossoming trees | with spring blossoms",
        adjectives="spring | blooming",
        kept="in april",
    ),
    "summer": words(
        clauses="in summer | in summertime | on a summer's day | lush and green",
        adjectives="summer",
        kept="in july",
    ),
    "autumn": words(
        clauses="in autumn | in fall | with autumn colors | with orange leaves",
        adjectives="autumn | autumnal",
        kept="in october",
    ),
    "winter": words(
        clauses="in winter | in wintertime | covered in snow | with snow on the ground",
        adjectives="winter | wintry | snow-covered",
        kept="in january",
    ),
}
SUBJECT = {
    "sailboat": words(
        clauses="with a sailboat "
        "| and a sailing boat | with a boat sailing by | and a small sailboat",
        kept="with a yacht",
    ),
    "lighthouse": words(
        clauses="with a lighthouse "
        "| and a lighthouse on the cliff | with a red and white lighthouse",
        kept="with a beacon tower",
    ),
    "cabin": words(
        clauses="with a cabin | and a small house | with a cottage | with a lonely hut | "
        "and a little house",
        kept="with a chalet",
    ),
    "train": words(
        clauses="with a train passing | and a train | with a passing train | and a moving train",
        kept="with railway cars rolling by",
    ),
    "car": words(
        clauses="with a car | and a car driving by | with a car passing | and a moving car",
        kept="with an automobile",
    ),
    "windmill": words(
        clauses="with a windmill | and an old windmill | with a turning windmill",
        kept="with a mill and its sails",
    ),
}
CAMERA = {
    "still": words(
        clauses="static camera | still shot | the camera does not move",
        kept="tripod shot",
    ),
    "pan left": words(
        clauses="panning left | the camera pans left | camera moves to the left | slow pan left",
        kept="tracking leftward",
    ),
    "pan right": words(
        clauses="panning right "
        "| the camera pans right | camera moves to the right | slow pan right",
        kept="tracking rightward",
    ),
    "rise": words(
        clauses="the camera rises | rising camera | camera moves up | crane shot going up",
        kept="ascending view",
    ),
    "forward": words(
        clauses="moving forward | the camera moves forward | flying forward | slow zoom in",
        kept="pushing in",
    ),
}
STYLE = {
    "natural": words(
        clauses="realistic | photo | natural colors",
        nouns="a photo of | a realistic view of",
        kept="true to life",
    ),
    "watercolor": words(
        clauses="watercolor | in watercolor | watercolor painting | painted in watercolor | "
        "as an aquarelle",
        nouns="a watercolor of | a watercolor painting of",
        kept="in wet paint on paper",
    ),
    "neon": words(
        clauses="neon | in neon colors | neon style | synthwave | in a cyberpunk style | vaporwave",
        nouns="a neon picture of | a synthwave scene of",
        kept="in glowing retro colors",
    ),
    "monochrome": words(
        clauses="black and white | in black and white | monochrome | black and white film",
        nouns="a black and white photo of",
        kept="in shades of gray",
    ),
    "pastel": words(
        clauses="pastel | in pastel colors | pastel style | in soft pastel tones",
        nouns="a pastel drawing of",
        kept="in pale delicate tints",
    ),
    "sepia": words(
        clauses="sepia | in sepia tones | vintage photo | like an old photograph",
        nouns="a sepia photo of | an old photograph of",
        kept="like a faded antique print",
    ),
}

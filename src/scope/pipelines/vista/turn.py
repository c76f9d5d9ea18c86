"""How a stream turns when its words change.

What the past still shows speaks against new words. So as long as a frame of other words is in the
window, new frames are guided away from the oldest of those, and remembered under more noise, which
the model is told of. Where words change suddenly, pictures are led over from the last one before,
so that no change is a cut. Decides when words are other words, and how far a stream has to turn.
"""

import numpy as np
from numpy.typing import NDArray

from scope.frames import Pixels

Sentence = NDArray[np.float32]
"""The last row of an embedding, [width]."""

NEAR = 0.03
"""Distance up to which words say the same and the past stays as it is. Two prompts about landscapes
are 0.5 to 0.9 apart, the same sea at sunset and at night 0.16, a blend of two and the same with one
weight a tenth less 0.001 (30 pairs of held-out captions; the others one pair each)."""
FAR = 0.3
"""Distance from which on they speak of different scenes."""


def distance(one: Sentence, two: Sentence) -> float:
    """1 − cosine: 0 for the same meaning, about 1 for unrelated ones."""
    size = max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-6)
    return 1 - float(one @ two) / size


def turn_between(old: Sentence, new: Sentence) -> float:
    """How far to turn: 0 for a distance up to `NEAR`, 1 from `FAR` on."""
    apart = distance(old, new)
    return min(apart / FAR, 1.0) if apart > NEAR else 0.0


def is_sudden(told: NDArray[np.float32], words: Sentence) -> bool:
    """Whether words change faster than by `NEAR` a frame, over one frame or two.

    told: [frames, width], the sentences of the frames before, the newest last. Angles add up, and
    distances grow with their square.
    """
    before = enumerate(told[:-3:-1], start=1)
    return any(distance(each, words) > NEAR * frames**2 for frames, each in before)


def led_over(shown: Pixels, pixels: Pixels) -> Pixels:
    """Pictures [n, H, W, 3] that come evenly from `shown`, the one before; the last is as it is."""
    count = len(pixels)
    share = np.arange(1, count + 1, dtype=np.uint16)[:, None, None, None]
    mixed = (shown * (count - share) + pixels * share + count // 2) // count
    return mixed.astype(np.uint8)

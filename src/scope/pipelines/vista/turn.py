"""How a stream turns when its words change.

What the past still shows speaks against new words. So as long as a frame of other words is in the
window, new frames are guided away from the oldest of those, and remembered under more noise, which
the model is told of. Decides when words are other words, and how far a stream has to turn.
"""

import numpy as np
from numpy.typing import NDArray

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

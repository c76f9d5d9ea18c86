"""How far a stream lets go of its past when its words change.

What the past still shows speaks against new words. So at a change the past is made again with
them, under noise that the model is told of: light and places stay, what they were of does not.
Decides how much noise, by how far the new words are from the old.
"""

import numpy as np

from scope.pipelines.vista.text import TEXT_TOKENS, Embedding

FRAMES = 4
"""Latent frames after a change that are remembered under its noise."""
NEAR = 0.03
"""Distance between sentences, 1 − cosine, up to which the past stays as it is."""
FAR = 0.3
"""Distance from which on they speak of different scenes. Two prompts about landscapes are 0.5 to
0.9 apart, the same sea at sunset and at night 0.16, a blend of two and the same blend with one
weight a tenth less 0.001."""


def past_timestep(before: Embedding, after: Embedding, least: float, most: float) -> float:
    """The noise level of the past, as a timestep, for words that became other words.

    before, after: [rows, width], the sentence last. least: up to `NEAR`; most: from `FAR` on.
    """
    one, two = before[TEXT_TOKENS], after[TEXT_TOKENS]
    size = max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-6)
    distance = 1 - float(one @ two) / size
    if distance <= NEAR:
        return least
    return least + (most - least) * min(distance / FAR, 1.0)

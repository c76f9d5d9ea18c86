"""How a stream keeps the looks it began with.

Small errors of one frame are the past of the next and add up: within minutes skies fill with
texture and colours that no word fixes wander off. So a stream remembers how its frames looked once
its words had taken hold, and every later frame is taken back a share of the way. Decides what
"looks" are and when they are learned. What moves along a row of tokens is free.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SETTLE = 8
"""Latent frames after a change of words that nothing is learned from: the old scene leaves."""
LEARNED = 40
"""Latent frames after those, whose mean is what is kept to."""
LEAST_DEVIATION = 1e-3


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is known of a stream's looks; replaced, never written to."""

    words: Array
    """The sentence of the words it is of, [width]."""
    looks: Array
    """[2, channels, rows]: mean, and logarithm of the deviation, of each channel of each row of
    tokens; the mean over the frames learned from so far."""
    frames: int = 0
    """Latent frames since they came into force."""

    @classmethod
    def of(cls, words: Array, *, channels: int, rows: int) -> "Anchor":
        """Nothing is known yet."""
        return cls(words, np.zeros((2, channels, rows), np.float32))

    def settled(self, ago: int) -> bool:
        """Whether the frame `ago` frames before the last was made by the words in force alone."""
        return self.frames - ago > SETTLE

    def follow(self, latent: Array, share: float) -> tuple["Anchor", Array]:
        """The anchor after a frame, and that frame with `share` (0 to 1) of its departure undone.

        latent: [channels, height, width], whole rows of tokens.
        """
        after = replace(self, frames=self.frames + 1)
        learned = after.frames - SETTLE
        if learned <= 0 or (learned > LEARNED and not share):
            return after, latent
        channels, rows = self.looks.shape[1:]
        parts = latent.reshape(channels, rows, -1)
        looks = _looks(parts)
        if learned <= LEARNED:
            mean = self.looks + (looks - self.looks) / np.float32(learned)
            return replace(after, looks=mean), latent
        moved = looks + np.float32(share) * (self.looks - looks)
        scale = np.exp(moved[1] - looks[1])[..., None]
        kept = (parts - looks[0][..., None]) * scale + moved[0][..., None]
        return after, kept.reshape(latent.shape)


def _looks(parts: Array) -> Array:
    deviation = np.maximum(parts.std(axis=2), np.float32(LEAST_DEVIATION))
    return np.stack((parts.mean(axis=2), np.log(deviation)))

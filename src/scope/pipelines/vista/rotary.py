"""Rotary positions of cached keys, in numpy: the same numbers as scope.models.rope, without torch.

Decides nothing new: a test holds the two together. Keys are stored un-rotated; once a chunk the
whole window is turned to where its frames stand now.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
THETA = 10000.0


class Rotary:
    """Angles for a token grid and a window of frames."""

    def __init__(self, grid: tuple[int, int], head_dim: int, window: int) -> None:
        rows, columns = grid
        pairs = head_dim // 2
        spatial = pairs // 3
        axes = ((window, pairs - 2 * spatial), (rows, spatial), (columns, spatial))
        shape = (window, rows, columns)
        angles = []
        for axis, (length, width) in enumerate(axes):
            ladder = THETA ** (-np.arange(width, dtype=np.float64) / width)
            view = [1, 1, 1, width]
            view[axis] = length
            angle = np.outer(np.arange(length), ladder).reshape(view)
            angles.append(np.broadcast_to(angle, (*shape, width)))
        angle = np.concatenate(angles, axis=-1).reshape(window, rows * columns, pairs)
        self.cos: Array = np.cos(angle).astype(np.float32)
        self.sin: Array = np.sin(angle).astype(np.float32)
        self._turn = (self.cos + 1j * self.sin).astype(np.complex64)

    def turn(self, keys: Array, positions: Sequence[int]) -> Array:
        """Rotate keys [layers, frames, tokens, dim] to the frames' positions."""
        layers, frames, tokens, dim = keys.shape
        pairs = self._turn.shape[-1]
        shape = (layers, frames, tokens, dim // (2 * pairs), pairs)
        turned = keys.view(np.complex64).reshape(shape)
        angle = self._turn[list(positions)][:, :, None]
        out: Array = (turned * angle).view(np.float32).reshape(layers, frames, tokens, dim)
        return out

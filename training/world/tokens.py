"""What each token of 32 × 32 pixels shows: shares of kinds, depth, light.

Decides the auxiliary targets that the transformer may learn to predict. They come from the masks
that the picture was laid together with, so they are exact but for overlaps inside one token.
"""

from __future__ import annotations

import numpy as np

from training.world.layers import KINDS, Plane

CELL = 32
TARGETS = len(KINDS) + 2


class TokenSum:
    """Follows one picture as it is laid together, far to near."""

    def __init__(self, height: int, width: int) -> None:
        self._size = (height, width)
        self._shares = np.zeros((len(KINDS), height // CELL, width // CELL), np.float32)
        self._shares[KINDS.index("sky")] = 1
        self._depth = np.ones(self._shares.shape[1:], np.float32)
        self._light = np.zeros(self._shares.shape[1:], np.float32)

    def over(self, kind: str, alpha: Plane, row: int, column: int, *, depth: float) -> None:
        plane = np.zeros(self._size, np.float32)
        plane[row : row + alpha.shape[0], column : column + alpha.shape[1]] = alpha
        self._cover(kind, _cells(plane), np.float32(depth))

    def water(self, top: int, near: Plane) -> None:
        plane, depth = np.zeros(self._size, np.float32), np.zeros(self._size, np.float32)
        plane[top:] = 1
        depth[top:] = 0.8 * (1 - near) ** 2
        covered = _cells(plane)
        self._cover("water", covered, _cells(depth) / np.maximum(covered, 1e-3))

    def light(self, picture: Plane) -> None:
        self._light = _cells(np.ascontiguousarray(picture.mean(axis=0)))

    def targets(self) -> Plane:
        """[tokens, kinds + depth + light], row by row."""
        planes = np.concatenate([self._shares, self._depth[None], self._light[None]])
        return planes.reshape(len(planes), -1).T

    def _cover(self, kind: str, covered: Plane, depth: Plane | np.float32) -> None:
        self._shares *= 1 - covered
        self._shares[KINDS.index(kind)] += covered
        self._depth += (depth - self._depth) * covered


def _cells(plane: Plane) -> Plane:
    height, width = plane.shape
    return plane.reshape(height // CELL, CELL, width // CELL, CELL).mean(axis=(1, 3))

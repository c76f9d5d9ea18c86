"""Tileable noise, made once per process and read by index afterwards.

Decides what "organic" looks like here: smooth value noise in octaves, no fine grain, because a
small model has to learn it. Knows nothing of scenes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


@lru_cache(maxsize=1)
def clouds() -> Plane:
    """Soft cloud field, 512 × 1024, values spread evenly over 0…1; a texel is half a pixel."""
    return _even(_spectral(11, (512, 1024), slope=1.9, stretch=1.3))


@lru_cache(maxsize=1)
def wisps() -> Plane:
    """A finer field for water, fog and ground, 512 × 1024."""
    return _even(_spectral(12, (512, 1024), slope=1.1, stretch=1.0))


@lru_cache(maxsize=1)
def facets() -> Plane:
    """Ridged field for rock, 512 × 1024."""
    return _even(-np.abs(_spectral(13, (512, 1024), slope=1.7, stretch=1.0)))


def profile(rng: np.random.Generator, *, length: int, waves: int, octaves: int = 4) -> Plane:
    """A smooth closed 1-D curve with values about -1…1; `waves` bumps in the lowest octave."""
    total = np.zeros(length, np.float32)
    amplitude, scale = 1.0, 0.0
    for octave in range(octaves):
        total += amplitude * _noise_1d(rng, length, waves * 2**octave)
        scale += amplitude
        amplitude *= 0.45
    return total / np.float32(scale) * 2


def _noise_1d(rng: np.random.Generator, length: int, waves: int) -> Plane:
    knots = rng.uniform(-1, 1, waves).astype(np.float32)
    position = np.arange(length, dtype=np.float32) * (waves / length)
    index = position.astype(np.int64)
    fraction = _ease(position - index)
    return knots[index % waves] * (1 - fraction) + knots[(index + 1) % waves] * fraction


def _spectral(seed: int, shape: tuple[int, int], *, slope: float, stretch: float) -> Plane:
    """Gaussian noise with a power-law spectrum: closed on both axes, without a lattice."""
    rows = np.fft.fftfreq(shape[0])[:, None] * shape[0]
    columns = np.fft.rfftfreq(shape[1])[None] * shape[0] * stretch
    radius = np.sqrt(rows**2 + columns**2 + 4.0)
    white = np.fft.rfft2(np.random.default_rng(seed).standard_normal(shape))
    soft = np.exp(-((radius / 70) ** 2))
    field = np.fft.irfft2(white * radius**-slope * soft, shape)
    return (field / field.std()).astype(np.float32)


def _ease(fraction: Plane) -> Plane:
    return fraction * fraction * (3 - 2 * fraction)


def _even(field: Plane) -> Plane:
    """Replace values by their rank, so that a threshold is a share of the area."""
    order = np.sort(field.ravel()[:: max(1, field.size // 65536)])
    ranks = np.searchsorted(order, field.ravel()).reshape(field.shape)
    return (ranks / np.float32(order.size)).astype(np.float32)

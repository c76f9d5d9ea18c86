"""Styles as maps of colour (and, for watercolor, a paper) over a finished picture."""

from __future__ import annotations

import numpy as np

from training.world import textures
from training.world.layers import Plane

_LUMA = np.array([0.30, 0.59, 0.11], np.float32)[:, None, None]
_NEON = {
    0: ((0.0, 0.22, 0.48, 0.76, 1.0), (0.04, 0.36, 0.98, 0.20, 0.80)),
    1: ((0.0, 0.22, 0.48, 0.76, 1.0), (0.01, 0.02, 0.14, 0.78, 1.00)),
    2: ((0.0, 0.22, 0.48, 0.76, 1.0), (0.16, 0.52, 0.68, 1.00, 1.0)),
}


def stylise(picture: Plane, style: str) -> Plane:
    return {
        "natural": _natural, "watercolor": _watercolor, "neon": _neon,
        "monochrome": _monochrome, "pastel": _pastel, "sepia": _sepia,
    }[style](picture)  # fmt: skip


def _natural(picture: Plane) -> Plane:
    return picture


def _watercolor(picture: Plane) -> Plane:
    """Wet edges, pale washes that pool, and the paper's white border."""
    soft = picture.copy()
    soft[:, 1:-1, 1:-1] = (
        picture[:, 1:-1, 1:-1] * np.float32(0.4)
        + (picture[:, :-2, 1:-1] + picture[:, 2:, 1:-1] + picture[:, 1:-1, :-2]
           + picture[:, 1:-1, 2:]) * np.float32(0.15)
    )  # fmt: skip
    wash, paper = _paper(picture.shape[1], picture.shape[2])
    grey = (soft * _LUMA).sum(axis=0)
    painted = grey + (soft - grey) * np.float32(1.15)
    painted = np.float32(0.30) + painted * np.float32(0.70) * wash
    return np.clip(painted + (np.float32(0.965) - painted) * paper, 0, 1)


def _paper(height: int, width: int) -> tuple[Plane, Plane]:
    scale = 192 / height
    rows = (np.arange(height) * scale).astype(np.int32)[:, None]
    columns = (np.arange(width) * scale).astype(np.int32)[None]
    cloud = textures.clouds()[(rows * 3) & 511, (columns * 3) & 1023]
    wash = np.float32(0.92) + np.float32(0.16) * cloud
    edge = np.minimum(
        np.minimum(rows, (height - 1) * scale - rows),
        np.minimum(columns, (width - 1) * scale - columns),
    )
    ragged = 3 + 9 * textures.wisps()[(rows * 2) & 511, (columns * 2) & 1023]
    return wash, np.clip((ragged - edge) / 4 + 0.5, 0, 1).astype(np.float32)


def _neon(picture: Plane) -> Plane:
    light = (picture * _LUMA).sum(axis=0)
    light = np.clip((light - 0.5) * np.float32(1.25) + 0.5, 0, 1)
    mapped = np.stack([np.interp(light, *_NEON[channel]) for channel in range(3)])
    return (mapped * 0.8 + picture * np.float32(0.2)).astype(np.float32)


def _monochrome(picture: Plane) -> Plane:
    light = (picture * _LUMA).sum(axis=0)
    curve = light + (light * light * (3 - 2 * light) - light) * np.float32(0.6)
    return np.broadcast_to(curve, picture.shape)


def _pastel(picture: Plane) -> Plane:
    tint = np.array([0.98, 0.90, 0.94], np.float32)[:, None, None]
    return picture * np.float32(0.46) + tint * np.float32(0.54)


def _sepia(picture: Plane) -> Plane:
    light = (picture * _LUMA).sum(axis=0)
    height, width = light.shape
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    light = light * (1 - 0.3 * np.clip(y * y + x * x - 0.5, 0, 1.2)).astype(np.float32)
    low = np.array([0.14, 0.08, 0.04], np.float32)[:, None, None]
    high = np.array([1.0, 0.90, 0.70], np.float32)[:, None, None]
    return low + (high - low) * light

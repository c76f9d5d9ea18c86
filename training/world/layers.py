"""Panoramas: a layer is painted once for a clip, a little wider than the picture, then only moved.

Decides how layers are painted, sampled and laid over each other. All lengths are in units of which
192 make the picture's height, so a scene looks the same in every size. Knows no subjects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Plane = NDArray[np.float32]
UNITS = 192
SUPERSAMPLING = 3
KINDS = ("sky", "cloud", "celestial", "ground", "water", "building", "tree", "subject")


@dataclass(frozen=True, slots=True)
class Frame:
    """The picture's size and the margin that camera moves need, in pixels and units."""

    height: int
    width: int
    margin: float
    scale: float

    @property
    def units_wide(self) -> float:
        return self.width / self.scale

    def cut(self, units_wide: float, units_high: float) -> Frame:
        """A small frame of the same scale, to draw one thing in."""
        size = round(units_high * self.scale), round(units_wide * self.scale)
        return Frame(*size, margin=0, scale=self.scale)

    def columns(self, near: float) -> Plane:
        """Unit x of every panorama column; 0 is the left edge of an unmoved picture."""
        extra = int(np.ceil(self.margin * near * self.scale)) + 2
        return (np.arange(-extra, self.width + extra, dtype=np.float32) + 0.5) / self.scale


@dataclass(frozen=True, slots=True)
class Panorama:
    """Premultiplied RGBA planes; `near` (0…1) says how much the camera's moves act on it."""

    rgba: Plane
    top: int
    near: float
    depth: float
    kind: str
    extra: int


def heightfield(
    frame: Frame, line: Plane, *, near: float, depth: float, colour: Plane, kind: str = "ground"
) -> Panorama:
    """Everything below `line` (units, one per panorama column), coloured by `colour` [3, h, w].

    `colour` covers the rows from `first_row(line)` to the bottom of the picture.
    """
    top = first_row(frame, line)
    rows = np.arange(top, frame.height, dtype=np.float32)[:, None] + 0.5
    alpha = np.clip(rows - line[None] * frame.scale + 0.5, 0, 1)
    rgba = np.concatenate([colour * alpha, alpha[None]]).astype(np.float32)
    return Panorama(rgba, top, near, depth, kind, (line.size - frame.width) // 2)


def first_row(frame: Frame, line: Plane) -> int:
    return int(np.clip(np.floor(line.min() * frame.scale) - 1, 0, frame.height - 2))


def rows_below(frame: Frame, line: Plane) -> Plane:
    """Unit y of the rows that `heightfield` colours, as a column."""
    rows = np.arange(first_row(frame, line), frame.height, dtype=np.float32)[:, None]
    return (rows + 0.5) / np.float32(frame.scale)


class Drawing:
    """Shapes drawn finely and reduced: one panorama of houses, trees or towers."""

    def __init__(self, frame: Frame, *, near: float, depth: float, kind: str) -> None:
        self._frame, self._near, self._depth, self._kind = frame, near, depth, kind
        self.left = float(frame.columns(near)[0])
        self.right = float(frame.columns(near)[-1])
        self._extra = (frame.columns(near).size - frame.width) // 2
        width = frame.width + 2 * self._extra
        size = (width * SUPERSAMPLING, frame.height * SUPERSAMPLING)
        self._image = Image.new("RGBA", size)
        self._draw = ImageDraw.Draw(self._image)
        self._factor = SUPERSAMPLING * frame.scale

    def polygon(self, points: Sequence[tuple[float, float]], colour: Plane) -> None:
        self._draw.polygon([self._at(x, y) for x, y in points], fill=_ink(colour))

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Plane) -> None:
        self._draw.rectangle((*self._at(x0, y0), *self._at(x1, y1)), fill=_ink(colour))

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Plane) -> None:
        corners = (*self._at(x - rx, y - ry), *self._at(x + rx, y + ry))
        self._draw.ellipse(corners, fill=_ink(colour))

    def stroke(self, points: Sequence[tuple[float, float]], width: float, colour: Plane) -> None:
        pixels = max(1, round(width * self._factor))
        path = [self._at(x, y) for x, y in points]
        self._draw.line(path, fill=_ink(colour), width=pixels, joint="curve")

    def panorama(self) -> Panorama:
        rgba = self.sheet()
        filled = np.flatnonzero(rgba[3].any(axis=1))
        top = int(filled[0]) if filled.size else self._frame.height - 2
        bottom = int(filled[-1]) + 1 if filled.size else self._frame.height
        return Panorama(
            np.ascontiguousarray(rgba[:, top:bottom]), top, self._near, self._depth,
            self._kind, self._extra,
        )  # fmt: skip

    def sheet(self) -> Plane:
        """The whole drawing as premultiplied planes."""
        fine = self._image.convert("RGBa").reduce(SUPERSAMPLING)
        planes = np.asarray(fine, np.float32).transpose(2, 0, 1) / np.float32(255)
        return np.ascontiguousarray(planes)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        left = x * self._factor + self._extra * SUPERSAMPLING
        return left, y * self._factor


def _ink(colour: Plane) -> tuple[int, int, int, int]:
    red, green, blue = (int(v) for v in np.clip(colour * 255 + 0.5, 0, 255))
    return red, green, blue, 255


def place(
    panorama: Panorama, *, width: int, height: int, shift: tuple[float, float], zoom: float,
    centre: tuple[float, float],
) -> tuple[Plane, int] | None:  # fmt: skip
    """Sample a panorama for one picture: its RGBA rows and the row they start at."""
    bottom = panorama.top + panorama.rgba.shape[1]
    grounded = bottom >= height
    first = (panorama.top - centre[1]) * zoom + centre[1] + shift[1]
    last = (bottom - centre[1]) * zoom + centre[1] + shift[1]
    y0 = max(0, int(np.ceil(first)))
    y1 = height if grounded else min(height, int(np.ceil(last)))
    if y1 <= y0:
        return None
    rows = (np.arange(y0, y1) - shift[1] - centre[1]) / zoom + centre[1] - panorama.top
    columns = (np.arange(width) - centre[0]) / zoom + centre[0] + shift[0] + panorama.extra
    return _lerp(_lerp(panorama.rgba, rows, axis=1), columns, axis=2), y0


def stamp(
    canvas: Plane, rgba: Plane, *, at: tuple[float, float], zoom: float = 1.0
) -> tuple[int, int, Plane] | None:
    """Composite a small drawing, its corner at a fractional pixel; give row, column and alpha."""
    high, wide = rgba.shape[1:]
    y0, x0 = max(0, int(np.ceil(at[1]))), max(0, int(np.ceil(at[0])))
    y1 = min(canvas.shape[1], int(at[1] + (high - 1) * zoom))
    x1 = min(canvas.shape[2], int(at[0] + (wide - 1) * zoom))
    if y1 <= y0 or x1 <= x0:
        return None
    part = _lerp(rgba, (np.arange(y0, y1) - at[1]) / zoom, axis=1)
    part = _lerp(part, (np.arange(x0, x1) - at[0]) / zoom, axis=2)
    region = canvas[:, y0:y1, x0:x1]
    region *= 1 - part[3]
    region += part[:3]
    return y0, x0, part[3]


def _lerp(planes: Plane, positions: NDArray[np.float64], *, axis: int) -> Plane:
    limit = planes.shape[axis] - 1
    index = np.floor(positions).astype(np.intp)
    fraction = (positions - index).astype(np.float32)
    if np.all(np.diff(index) == 1) and index[0] >= 0 and index[-1] < limit:
        low, high = (
            planes[(slice(None),) * axis + (slice(index[0] + k, index[-1] + 1 + k),)]
            for k in (0, 1)
        )
    else:
        low = planes.take(np.clip(index, 0, limit), axis=axis)
        high = planes.take(np.clip(index + 1, 0, limit), axis=axis)
    if not fraction.any():
        return low
    fraction = fraction.reshape((-1, 1) if axis == 1 else (-1,))
    return low + (high - low) * fraction


def lay(canvas: Plane, rgba: Plane, first_row: int) -> None:
    """Composite premultiplied rows over the canvas [3, H, W], in place."""
    rows = canvas[:, first_row : first_row + rgba.shape[1]]
    rows *= 1 - rgba[3]
    rows += rgba[:3]

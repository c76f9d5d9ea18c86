"""Rotary positions over (frame, row, column), computed for whatever positions are asked.

Decides how a head's channels are split between the three axes and how pairs are turned. It does
not know where a frame stands: the caller says (for a cache, positions are relative to it, so they
stay small however long a stream runs).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from scope.models.staging import staged

THETA = 10000.0


@dataclass(frozen=True, slots=True)
class RotaryTables:
    """Turns of [tokens, head_dim / 2] pairs, one row for each token in (frame, row, column)."""

    table: Tensor
    """[tokens, head_dim / 2, 2], float32: cosine and sine; or one such table for each row of a
    batch."""

    @property
    def cos(self) -> Tensor:
        return self.table[..., 0]

    @property
    def sin(self) -> Tensor:
        return self.table[..., 1]

    def frames(self, places: Tensor, frame_tokens: int) -> "RotaryTables":
        """The rows of some of the frames in this table, in the order of `places`."""
        rows = self.table.view(-1, frame_tokens, *self.table.shape[1:])
        return RotaryTables(rows.index_select(0, places).flatten(0, 1))


def axis_pairs(head_dim: int) -> tuple[int, int, int]:
    """How many channel pairs turn with the frame, the row and the column."""
    pairs = head_dim // 2
    spatial = pairs // 3
    return pairs - 2 * spatial, spatial, spatial


def rotary_tables(
    frames: Sequence[int], grid: tuple[int, int], head_dim: int, device: torch.device | None = None
) -> RotaryTables:
    """Tables for frames standing at the given positions, each a grid of (rows, columns)."""
    rows, columns = grid
    axes = (
        torch.tensor(list(frames), dtype=torch.float64),
        torch.arange(rows, dtype=torch.float64),
        torch.arange(columns, dtype=torch.float64),
    )
    shape = (len(frames), rows, columns)
    angles = []
    for axis, (pairs, positions) in enumerate(zip(axis_pairs(head_dim), axes, strict=True)):
        # Each axis has a full ladder of frequencies over its own width.
        frequencies = THETA ** (-torch.arange(pairs, dtype=torch.float64) / pairs)
        view = [1, 1, 1, pairs]
        view[axis] = shape[axis]
        angles.append(torch.outer(positions, frequencies).view(view).expand(*shape, pairs))
    angle = torch.cat(angles, dim=-1).reshape(-1, head_dim // 2)
    table = torch.stack((angle.cos(), angle.sin()), dim=-1)
    table = table.float()
    return RotaryTables(table if device is None else staged(table, device))


def rotate(x: Tensor, tables: RotaryTables) -> Tensor:
    """Turn neighbouring channel pairs of x [batch, tokens, heads, head_dim]."""
    pairs = x.float().reshape(*x.shape[:-1], -1, 2)
    if torch.compiler.is_compiling() or torch.is_grad_enabled():
        # The same arithmetic in reals: compilers fuse it, complex numbers they do not.
        even, odd = pairs[..., 0], pairs[..., 1]
        cos, sin = tables.cos.unsqueeze(-2), tables.sin.unsqueeze(-2)
        turned = torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1)
    else:
        turn = torch.view_as_complex(tables.table).unsqueeze(-2)
        turned = torch.view_as_real(torch.view_as_complex(pairs.contiguous()) * turn)
    return turned.flatten(-2).to(x.dtype)

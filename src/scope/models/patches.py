"""Pictures as rows of patches and back.

Decides the order of numbers within a patch: channel slowest on the way in (as a convolution's
weights have it), channel fastest on the way out (as the published heads have it).
"""

from torch import Tensor

Patch = tuple[int, int, int]


def patchify(x: Tensor, patch: Patch) -> Tensor:
    """[batch, channels, frames, height, width] to [batch, frames, tokens, numbers]."""
    depth, height, width = patch
    batch, channels, frames, rows, columns = x.shape
    x = x.reshape(
        batch, channels, frames // depth, depth, rows // height, height, columns // width, width
    )
    # The eight axes are batch, channel, frame, p, row, q, column, r.
    return x.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4).flatten(2, 3)


def unpatchify(x: Tensor, grid: tuple[int, int], patch: Patch) -> Tensor:
    """[batch, frames, tokens, numbers] to [batch, channels, frames, height, width]."""
    x = x.reshape(*x.shape[:2], *grid, *patch, -1)
    # The eight axes are batch, frame, row, column, and within the patch p, q, r, channel.
    x = x.permute(0, 7, 1, 4, 2, 5, 3, 6)
    return x.flatten(6, 7).flatten(4, 5).flatten(2, 3)

"""How the pictures of a latent frame come out of the last one shown.

A latent frame is drawn from new noise. It continues what it sees, but its texture is another: left
alone, the picture would jump at the first of its pictures and change little in the others, four
times a second. So they are led over, evenly, whether words change or not; and no change of words
is a cut.
"""

import numpy as np

from scope.frames import Pixels


def led_over(shown: Pixels, pixels: Pixels) -> Pixels:
    """Pictures [n, H, W, 3] that come evenly from `shown`, the one before; the last is as it is."""
    count = len(pixels)
    share = np.arange(1, count + 1, dtype=np.uint16)[:, None, None, None]
    mixed = (shown * (count - share) + pixels * share + count // 2) // count
    return mixed.astype(np.uint8)

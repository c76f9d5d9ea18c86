"""Pictures know how many they are."""

import numpy as np

from scope.frames import Chunk


def test_the_length_of_a_chunk_is_its_number_of_frames() -> None:
    pixels = np.zeros((4, 2, 2, 3), np.uint8)
    chunk = Chunk(pixels, 0, 0, seconds=0.1, chunk=0, last_piece=True, produced_s=0.0)
    assert len(chunk) == 4

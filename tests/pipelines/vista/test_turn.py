"""The farther the new words are, the more of the past is let go of."""

import numpy as np
import pytest

from scope.pipelines.vista.text import ROWS, TEXT_TOKENS, TEXT_WIDTH
from scope.pipelines.vista.turn import FAR, NEAR, past_timestep


def words(angle: float) -> np.ndarray:
    """An embedding whose sentence is turned by `angle` from that of `words(0)`."""
    made = np.zeros((ROWS, TEXT_WIDTH), np.float32)
    made[TEXT_TOKENS, :2] = np.cos(angle), np.sin(angle)
    return made


def apart(distance: float) -> float:
    return past_timestep(words(0), 3 * words(np.arccos(1 - distance)), 120.0, 300.0)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [(0.0, 120.0), (NEAR / 2, 120.0), (FAR / 2, 210.0), (FAR, 300.0), (1.7, 300.0)],
)
def test_noise_grows_with_the_distance_of_the_sentences(distance, expected):
    assert apart(distance) == pytest.approx(expected, abs=0.1)


def test_an_embedding_of_nothing_is_far_from_all():
    nothing = np.zeros((ROWS, TEXT_WIDTH), np.float32)
    assert past_timestep(nothing, words(0), 120.0, 300.0) == 300.0

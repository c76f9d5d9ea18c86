"""The farther the new words are, the more of the past is let go of."""

import numpy as np
import pytest

from scope.pipelines.vista.turn import FAR, NEAR, distance, past_timestep


def sentence(angle: float) -> np.ndarray:
    """Turned by `angle` from `sentence(0)`."""
    made = np.zeros(384, np.float32)
    made[:2] = np.cos(angle), np.sin(angle)
    return made


def noise(apart: float) -> float:
    new = 3 * sentence(np.arccos(1 - apart))
    return past_timestep(sentence(0), new, least=120.0, most=300.0)


@pytest.mark.parametrize(
    ("apart", "expected"),
    [(0.0, 120.0), (NEAR / 2, 120.0), (FAR / 2, 210.0), (FAR, 300.0), (1.7, 300.0)],
)
def test_noise_grows_with_the_distance_of_the_sentences(apart, expected):
    assert noise(apart) == pytest.approx(expected, abs=0.1)


def test_a_sentence_of_nothing_is_far_from_all():
    nothing = np.zeros(384, np.float32)
    assert distance(nothing, sentence(0)) == 1

"""The farther the new words are, the farther a stream turns."""

import numpy as np
import pytest

from scope.pipelines.vista.turn import FAR, NEAR, distance, turn_between


def sentence(angle: float) -> np.ndarray:
    """Turned by `angle` from `sentence(0)`."""
    made = np.zeros(384, np.float32)
    made[:2] = np.cos(angle), np.sin(angle)
    return made


@pytest.mark.parametrize(
    ("apart", "expected"), [(0.0, 0.0), (NEAR / 2, 0.0), (FAR / 2, 0.5), (FAR, 1.0), (1.7, 1.0)]
)
def test_a_turn_grows_with_the_distance_of_the_sentences(apart, expected):
    new = 3 * sentence(np.arccos(1 - apart))
    assert turn_between(sentence(0), new) == pytest.approx(expected, abs=1e-3)


def test_a_sentence_of_nothing_is_far_from_all():
    nothing = np.zeros(384, np.float32)
    assert distance(nothing, sentence(0)) == 1

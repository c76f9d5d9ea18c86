"""The farther the new words are, the farther a stream turns; and it never does so in one step."""

import numpy as np
import pytest

from scope.pipelines.vista.turn import FAR, NEAR, distance, is_sudden, led_over, turn_between


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


def test_pictures_are_led_over_in_even_steps_and_the_last_is_as_it_is():
    shown = np.full((2, 3, 3), 255, np.uint8)
    made = np.zeros((4, 2, 3, 3), np.uint8)
    made[3, 0] = 9
    mixed = led_over(shown, made)
    assert mixed.dtype == np.uint8
    assert mixed[:3, 1, 0, 0].tolist() == [191, 128, 64]
    assert np.array_equal(mixed[3], made[3])


@pytest.mark.parametrize("count", [1, 4, 5])
def test_a_picture_that_is_met_again_is_not_touched(count):
    shown = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    assert np.array_equal(led_over(shown, np.stack([shown] * count)), np.stack([shown] * count))


@pytest.mark.parametrize(
    ("frames", "sudden"),
    [
        (1, [True, True, False, False]),
        (2, [True, True, True, False]),
        (4, [True, True, True, True, False]),
        (8, [False] * 10),
        (16, [False] * 18),
    ],
)
def test_words_that_jump_are_sudden_for_two_frames_and_those_that_glide_are_not(frames, sudden):
    """Between quite other scenes, 0.64 apart, in that many frames."""
    angles = [0.0, 0.0, *np.linspace(0, 1.2, frames + 1)[1:], *[1.2] * 3]
    told = np.stack([sentence(angle) for angle in angles])
    found = [is_sudden(told[:index], told[index]) for index in range(2, 2 + len(sudden))]
    assert found == sudden


def test_nothing_is_sudden_at_the_beginning_of_a_stream():
    assert not is_sudden(np.zeros((0, 384), np.float32), sentence(0))


@pytest.mark.parametrize(("apart", "frames"), [(0.02, 0), (0.05, 1), (0.11, 1), (0.13, 2)])
def test_a_small_jump_is_sudden_for_fewer_frames(apart, frames):
    told = np.stack([sentence(0.0)] * 3 + [sentence(np.arccos(1 - apart))] * 3)
    assert sum(is_sudden(told[:index], told[-1]) for index in (3, 4, 5)) == frames

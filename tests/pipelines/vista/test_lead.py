"""Pictures come out of the last one shown."""

import numpy as np
import pytest

from scope.pipelines.vista.lead import led_over


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

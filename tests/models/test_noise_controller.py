"""The noise controller against numbers worked by hand."""

import pytest
import torch

from scope.models.noise_controller import NoiseController, differences


def test_still_pictures_get_the_base_and_moving_ones_less():
    still = NoiseController(scale=0.8).after([0.0, 0.0])
    assert still.scale == pytest.approx(0.9 * 0.8 + 0.1 * 0.8)
    moving = NoiseController(scale=0.8).after([0.02, 0.1])
    # Half movement: 0.9 * (0.8 - 0.1 * 0.5) + 0.1 * 0.8
    assert moving.scale == pytest.approx(0.755)
    wild = NoiseController(scale=0.8, reach=0.2).after([3.0])
    assert wild.scale == pytest.approx(0.9 * 0.6 + 0.08)


def test_the_past_is_forgotten_by_a_factor_of_ten_each_time():
    controller = NoiseController(scale=0.2)
    for expected in (0.74, 0.794, 0.7994):
        controller = controller.after([0.0])
        assert controller.scale == pytest.approx(expected)


def test_the_first_pass_starts_a_little_below_the_noise():
    assert NoiseController(scale=0.8).first_step() == 700
    assert NoiseController(scale=0.755).first_step() == 655
    assert NoiseController(scale=0.05).first_step() == 0


def test_steps_stay_descending():
    assert NoiseController(scale=0.755).steps((700, 500, 400)) == (655, 500, 400)
    assert NoiseController(scale=0.55).steps((700, 500, 400)) == (450, 400)


def test_differences_are_root_mean_squares_between_neighbours():
    pictures = torch.tensor([0.0, 0.3, 0.1])[:, None].expand(3, 10)
    assert differences(pictures) == pytest.approx([0.3, 0.2])
    assert differences(pictures[:1]) == []

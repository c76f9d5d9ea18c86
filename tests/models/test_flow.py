"""Flow matching: schedule values known from the published models, and round trips."""

import pytest
import torch

from scope.models import flow


def test_nominal_steps_are_warped_as_the_models_were_trained():
    assert flow.warp_steps((1000, 750, 500, 250), 5.0) == pytest.approx(
        (1000, 937.5, 833.3333333, 625)
    )
    assert flow.warp_steps((1000, 750, 500, 250), 8.0) == pytest.approx(
        (1000, 960, 888.8888889, 727.2727273)
    )


def test_the_cleanest_level_of_a_table_is_not_zero():
    table = flow.sigma_table(5.0)
    assert table[0] == 1.0
    assert flow.nearest_sigma(0.0, table) == pytest.approx(0.005 / 1.004)
    assert flow.nearest_sigma(937.5, table) == pytest.approx(0.9375)


def test_x0_and_noise_come_back_from_the_flow():
    torch.manual_seed(0)
    x0, noise = torch.randn(3, 4), torch.randn(3, 4)
    x = flow.add_noise(x0, noise, 0.3)
    target = flow.flow_target(x0, noise)
    torch.testing.assert_close(flow.x0_from_flow(x, target, 0.3), x0)
    torch.testing.assert_close(flow.noise_from_flow(x, target, 0.3), noise)

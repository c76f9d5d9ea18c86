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


def test_the_table_is_that_of_the_published_schedules():
    table = flow.sigma_table(5.0)
    assert len(table) == 1000
    for index, sigma in ((0, 1.0), (250, 0.9375), (500, 5 / 6), (750, 0.625), (999, 0.005 / 1.004)):
        assert table[index] == pytest.approx(sigma, abs=1e-9)


@pytest.mark.parametrize("shift", [5.0, 8.0])
def test_the_table_is_what_diffusers_constructs(shift):
    from diffusers import FlowMatchEulerDiscreteScheduler

    # Only its constructor: `set_timesteps` shifts a second time.
    published = FlowMatchEulerDiscreteScheduler(num_train_timesteps=1000, shift=shift)
    ours = torch.tensor(flow.sigma_table(shift), dtype=torch.float64)
    torch.testing.assert_close(ours, published.sigmas.double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(1000 * ours, published.timesteps.double(), atol=1e-3, rtol=0)


def test_warped_levels_are_entries_of_the_table_to_nine_places():
    listed = flow.levels((1000, 750, 500, 250), shift=5.0)
    assert [level.t for level in listed] == pytest.approx(
        [1000, 937.5, 2500 / 3, 625], rel=0, abs=1e-9
    )
    assert [level.sigma for level in listed] == pytest.approx(
        [1, 0.9375, 5 / 6, 0.625], rel=0, abs=1e-9
    )
    listed = flow.levels((1000, 750, 500, 250), shift=8.0)
    assert [level.t for level in listed] == pytest.approx(
        [1000, 960, 8000 / 9, 8000 / 11], rel=0, abs=1e-9
    )


def test_a_step_at_zero_is_told_as_zero_and_counted_as_the_last_entry():
    for warp in (True, False):
        (level,) = flow.levels((0,), shift=5.0, warp=warp)
        assert level.t == 0
        assert level.sigma == pytest.approx(0.005 / 1.004, abs=1e-9)


def test_raw_steps_are_told_as_they_are_and_looked_up_in_the_table():
    listed = flow.levels((1000, 757, 522), shift=8.0, warp=False)
    assert [level.t for level in listed] == [1000, 757, 522]
    table = flow.sigma_table(8.0)
    for level in listed:
        assert level.sigma in table
        assert level.sigma == pytest.approx(level.t / 1000, abs=1e-3)


def test_noise_put_on_again_has_the_variance_of_its_level():
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(200_000, generator=random)
    noisy = flow.add_noise(torch.full_like(noise, 0.25), noise, 0.625)
    assert noisy.mean().item() == pytest.approx(0.375 * 0.25, abs=5e-3)
    assert noisy.std().item() == pytest.approx(0.625, rel=1e-2)

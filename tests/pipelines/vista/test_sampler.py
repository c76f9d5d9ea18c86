"""Sampling: levels, noise, and closed forms with a flow that is known."""

import numpy as np
import pytest

from scope.pipelines.vista.sampler import StepPlan, denoise, guided, noise_source, sinusoid

SHAPE = (2, 3, 4)


def plan(method="euler", steps=(1000, 750, 500, 250)) -> StepPlan:
    return StepPlan.of(steps, shift=5.0, method=method)


def test_nominal_steps_are_warped():
    assert plan().timesteps() == pytest.approx((1000, 937.5, 833.33333, 625))


def test_a_step_at_zero_is_left_out_and_a_list_of_it_alone_still_denoises():
    assert plan(steps=(1000, 0)).sigmas == (1.0,)
    assert plan(steps=(0,)).sigmas == (1.0,)


@pytest.mark.parametrize("method", ["euler", "renoise"])
@pytest.mark.parametrize("steps", [(1000,), (1000, 500), (1000, 750, 500, 250)])
def test_with_the_true_flow_every_step_list_finds_the_clean_frame(method, steps):
    target = np.full(SHAPE, 0.7, np.float32)
    chosen = plan(method, steps)

    def flow(x, index):
        return (x - target) / np.float32(chosen.sigmas[index])

    *_, last = denoise(flow, SHAPE, chosen, noise_source(1, 0))
    np.testing.assert_allclose(last, target, atol=1e-5)


def test_euler_follows_a_constant_flow_in_a_straight_line():
    velocity = np.full(SHAPE, 0.5, np.float32)
    start = noise_source(3, 4).standard_normal(SHAPE, np.float32)
    *_, last = denoise(lambda x, index: velocity, SHAPE, plan(), noise_source(3, 4))
    np.testing.assert_allclose(last, start - velocity, atol=1e-5)


def test_renoising_keeps_the_variance_of_its_level():
    seen = []

    def flow(x, index):
        seen.append(x)
        return x / np.float32(plan().sigmas[index])

    list(denoise(flow, (64, 64), plan("renoise"), noise_source(0, 0)))
    for x, sigma in zip(seen, plan().sigmas, strict=True):
        assert x.std() == pytest.approx(sigma, rel=0.05)


def test_guidance_leads_away_from_the_other_flow_in_the_first_steps_only():
    chosen = StepPlan.of((1000, 750, 400, 250), shift=5.0, method="euler")
    asked = []

    def other(x, index):
        asked.append(index)
        return np.full(SHAPE, 1.0, np.float32)

    flow = guided(lambda x, index: np.full(SHAPE, 3.0, np.float32), other, 0.5, chosen)
    made = [float(flow(np.zeros(SHAPE, np.float32), index)[0, 0, 0]) for index in range(4)]
    assert made == [4.0, 4.0, 3.0, 3.0]
    assert asked == [0, 1]


def test_noise_depends_on_seed_and_chunk_only():
    def draw(seed: int, chunk: int) -> np.ndarray:
        return noise_source(seed, chunk).standard_normal(5)

    assert np.array_equal(draw(1, 2), draw(1, 2))
    assert not np.array_equal(draw(1, 2), draw(1, 3))
    assert not np.array_equal(draw(1, 2), draw(2, 2))
    assert np.isfinite(draw(2**63 - 1, 10**9)).all()


def test_the_timestep_encoding_is_cosines_then_sines():
    code = sinusoid(0.0, 8)
    assert code.shape == (1, 8)
    assert code[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]

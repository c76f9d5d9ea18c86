"""Samplers against hand-worked numbers, and noise that is the same everywhere."""

import pytest
import torch

from scope.models.flow import levels
from scope.models.sampler import BlockNoise, denoise

STEPS = (1000, 750, 500, 250)


def block() -> torch.Tensor:
    return torch.empty(1, 16, 3, 4, 6)


def test_a_model_that_knows_the_answer_is_right_after_every_number_of_steps():
    answer = torch.randn(1, 16, 3, 4, 6)
    listed = levels(STEPS)

    def flow(x, index):
        # What noise - x0 is when x0 is the answer.
        return (x - answer) / listed[index].sigma

    noise = BlockNoise(1, 0)
    guesses = list(denoise(flow, noise.draw(block()), listed, noise.draw))
    assert len(guesses) == 4
    for guess in guesses:
        torch.testing.assert_close(guess, answer, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("steps", [(1000,), (1000, 500), STEPS])
def test_a_constant_flow_gives_the_closed_form(steps):
    listed, push = levels(steps), 0.5
    noise = BlockNoise(7, 3)
    start, *rest = [noise.draw(block()) for _ in steps]
    replayed = BlockNoise(7, 3)
    last = list(
        denoise(
            lambda x, _: torch.full_like(x, push), replayed.draw(block()), listed, replayed.draw
        )
    )[-1]
    x0 = start - listed[0].sigma * push
    for level, fresh in zip(listed[1:], rest, strict=True):
        x0 = (1 - level.sigma) * x0 + level.sigma * fresh - level.sigma * push
    torch.testing.assert_close(last, x0, atol=1e-6, rtol=1e-6)


def test_the_model_is_told_the_number_of_the_pass():
    told = []
    list(
        denoise(lambda x, i: told.append(i) or x, block().zero_(), levels(STEPS), torch.randn_like)
    )
    assert told == [0, 1, 2, 3]


def test_noise_is_drawn_frame_by_frame_from_the_seed_and_the_first_frame():
    random = torch.Generator().manual_seed(42 + 6)
    expected = torch.randn(1, 3, 16, 4, 6, generator=random).transpose(1, 2)
    noise = BlockNoise(42, 6)
    assert torch.equal(noise.draw(block()), expected)
    assert not torch.equal(noise.draw(block()), expected)


def test_the_type_and_place_of_a_block_do_not_change_its_noise():
    wide, narrow = (BlockNoise(1, 2).draw(block().to(kind)) for kind in (torch.float32, torch.half))
    assert torch.equal(wide, narrow)
    assert wide.dtype == torch.float32


def test_the_largest_seed_has_a_next_frame():
    assert BlockNoise(2**63 - 1, 12).draw(block()).isfinite().all()

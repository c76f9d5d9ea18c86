"""The critic learns to tell, and what it says leads the codec's pictures towards rendered ones."""

import torch

from training.codec.adversary import Adversary, Critic


def test_a_score_for_every_patch_of_every_pair():
    assert Critic(8)(torch.rand(2, 8, 3, 32, 48)).shape == (14, 1, 4, 6)


def test_the_critic_learns_to_tell_detail_from_none():
    torch.manual_seed(0)
    adversary = Adversary(rate=2e-3)
    first = last = 0.0
    for step in range(25):
        wanted = torch.rand(2, 3, 3, 32, 32)
        last = adversary.lesson(torch.full_like(wanted, 0.5), wanted)
        first = first or last
        assert step == adversary.lessons - 1
    assert last < 0.7 * first


def test_what_it_says_asks_for_detail_and_does_not_teach_the_critic():
    torch.manual_seed(0)
    adversary = Adversary(rate=2e-3)
    for _ in range(25):
        wanted = torch.rand(2, 3, 3, 32, 32)
        adversary.lesson(torch.full_like(wanted, 0.5), wanted)
    before = [each.clone() for each in adversary.critic.parameters()]
    noise = torch.rand(1, 3, 3, 32, 32) - 0.5
    contrast = torch.tensor(0.2, requires_grad=True)
    adversary.reproach(0.5 + contrast * noise).backward()
    assert contrast.grad is not None
    assert float(contrast.grad) < 0
    for parameter, kept in zip(adversary.critic.parameters(), before, strict=True):
        assert parameter.grad is None or torch.equal(parameter, kept)

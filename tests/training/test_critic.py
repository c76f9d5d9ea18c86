"""The critic of latent frames: what it learns, and what it tells a student."""

import pytest
import torch

from training.transformer.critic import Adversary, Frames, Reproach
from training.transformer.data import Batch
from training.transformer.model import Sizes, start
from training.transformer.objective import Recipe, noised, predict
from training.world.attributes import SKIES, VALUES

TINY = Sizes(dim=64, layers=2, semantic_layer=0)
SKY = list(VALUES).index("sky")


class Bright:
    """A store whose frames have a mean of 1 where the sky shows stars, else of -1."""

    def draw(self, size: int, *, single: bool, random: torch.Generator) -> Batch:
        frames = 1 if single else 5
        starry = torch.rand((size, frames), generator=random) < 0.5
        shows = torch.zeros(size, frames, 5, dtype=torch.long)
        shows[..., SKY] = torch.where(starry, SKIES.index("stars"), SKIES.index("sun"))
        level = torch.where(starry, 1.0, -1.0)[:, None, :, None, None]
        latents = level + 0.1 * torch.randn((size, 32, frames, 12, 20), generator=random)
        text = starry[..., None, None].float().expand(size, frames, 33, 384)
        return Batch(latents, text, torch.zeros(size, frames, 60, 10), shows, shows)


@pytest.fixture
def adversary() -> Adversary:
    torch.manual_seed(0)
    return Adversary(32, torch.Generator().manual_seed(0))


def frames_of(batch: Batch, latents: torch.Tensor) -> Frames:
    return Frames.of(latents, batch.text, batch.asked)


def test_the_critic_learns_what_frames_show_and_which_were_made(adversary):
    told = []
    for _ in range(40):
        batch = Bright().draw(16, single=True, random=adversary.random)
        made = torch.randn(batch.latents.shape, generator=adversary.random)
        told.append(adversary.lesson(frames_of(batch, made), batch))
    assert told[-1]["naming"] < 0.5 * told[0]["naming"]
    assert told[-1]["doubt"] < 0.7 * told[0]["doubt"]
    batch = Bright().draw(16, single=True, random=adversary.random)
    doubt_rendered, missing = adversary.reproach(frames_of(batch, batch.latents))
    doubt_wrong, missing_wrong = adversary.reproach(frames_of(batch, -batch.latents))
    assert float(doubt_rendered) < float(doubt_wrong)
    assert float(missing) < float(missing_wrong)


def test_what_no_text_asks_for_is_not_missed(adversary):
    batch = Bright().draw(4, single=True, random=adversary.random)
    silent = Frames.of(batch.latents, batch.text, torch.full_like(batch.asked, -1))
    assert float(adversary.reproach(silent)[1]) == 0.0


@pytest.mark.parametrize("single", [True, False])
def test_a_reproach_has_its_share_of_the_gradient(adversary, single):
    """And reaches the student through the end that its flow points at, nothing else."""
    student, random = start(TINY), torch.Generator().manual_seed(1)
    torch.nn.init.normal_(student.head.head.weight, std=0.1)
    batch = Bright().draw(3, single=single, random=random)
    sample = noised(batch, Recipe(), torch.zeros(33, 384), random)
    flow = predict(student, sample, 0)[0].float()
    regression = flow.square().mean()
    for _ in range(20):
        adversary.lesson(frames_of(batch, torch.zeros_like(batch.latents)), batch)
    reproach = Reproach(adversary, Bright(), doubt=0.5, naming=0.0, size=3)
    total = reproach.add(flow, regression, sample, batch.asked)
    own = torch.autograd.grad(regression, flow, retain_graph=True)[0]
    both = torch.autograd.grad(total, flow)[0]
    assert float((both - own).norm()) == pytest.approx(0.5 * float(own.norm()), rel=1e-3)
    assert all(parameter.grad is None for parameter in student.parameters())
    assert set(reproach.said()) == {"doubt", "naming", "reproach", "missing"}
    assert reproach.said() == {}

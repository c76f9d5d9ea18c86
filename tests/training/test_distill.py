"""Distillation: both targets learn from a teacher, with tiny sizes."""

import numpy as np
import pytest
import torch

from training.transformer.data import Batch
from training.transformer.distill import Distillation, Distiller
from training.transformer.model import Sizes
from training.transformer.rollout import Sampling, roll_out
from training.transformer.sheet import write_sheet
from training.transformer.state import Run, frozen_copy

TINY = Sizes(dim=64, layers=1, semantic_layer=0)


class OneBatch:
    """A store that always gives the same clips."""

    def draw(self, size: int, *, single: bool, random: torch.Generator) -> Batch:
        frames = 1 if single else 3
        torch.manual_seed(0)
        latents = torch.randn(size, 32, frames, 12, 20)
        return Batch(latents, torch.randn(size, frames, 33, 384), torch.zeros(size, frames, 60, 10))


@pytest.fixture
def run() -> Run:
    run = Run.fresh(TINY)
    torch.manual_seed(0)
    for average, mine in zip(run.ema.parameters(), run.model.parameters(), strict=True):
        torch.nn.init.normal_(mine, std=0.1)
        average.copy_(mine.detach())
    return run


@pytest.mark.parametrize("target", ["guide", "consistency"])
@pytest.mark.parametrize("single", [True, False])
def test_a_student_comes_closer_to_its_target(run, target, single):
    how = Distillation(target, guidance_first=3.0, guidance=2.0)
    teacher = frozen_copy(run.model)
    distiller = Distiller(run, teacher, torch.zeros(33, 384), how)
    run.set_rate(0.1)
    values = []
    for _ in range(5):
        run.random.manual_seed(0)
        loss = distiller.loss(OneBatch(), 2, single=single)
        values.append(float(loss.detach()))
        loss.backward()
        run.muon.step()
        run.adam.step()
        run.model.zero_grad()
    assert values[-1] < values[0]


def test_without_extra_guidance_the_student_is_already_there(run):
    how = Distillation("guide", guidance_first=1.0, guidance=1.0)
    distiller = Distiller(run, frozen_copy(run.model), torch.zeros(33, 384), how)
    assert float(distiller.loss(OneBatch(), 2, single=False).detach()) < 1e-3


def test_a_torch_stream_repeats_by_seed(run):
    model = frozen_copy(run.model)
    text, null = torch.randn(2, 3, 33, 384), torch.zeros(33, 384)
    how = Sampling(steps=2, window=2)
    first = roll_out(model, text, null, 3, how)
    assert first.shape == (2, 3, 32, 12, 20)
    assert torch.equal(first, roll_out(model, text, null, 3, how))
    assert not torch.equal(first, roll_out(model, text, null, 3, how, seed=1))


def test_a_sheet_is_a_picture(tmp_path):
    picture = np.zeros((20, 30, 3), np.uint8)
    write_sheet(tmp_path / "deep" / "sheet.png", [("a prompt", [picture, picture])])
    assert (tmp_path / "deep" / "sheet.png").stat().st_size > 50

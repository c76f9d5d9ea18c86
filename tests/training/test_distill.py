"""Distillation: both targets learn from a teacher, with tiny sizes."""

import signal
from argparse import Namespace
from dataclasses import replace
from itertools import count, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from scope.pipelines.vista.manifest import read_manifest
from scope.pipelines.vista.pipeline import ASSETS
from scope.pipelines.vista.sampler import StepPlan, denoise
from training.transformer import distill
from training.transformer.data import Batch
from training.transformer.distill import Distillation, Distiller
from training.transformer.endpoint import REUSE, Endpoint
from training.transformer.model import Sizes
from training.transformer.objective import Recipe, Sample, noised, text_inputs
from training.transformer.own_streams import CONTEXT_SIGMA, LONGEST, WINDOW, OwnStreams, sigmas_of
from training.transformer.rollout import Sampling, roll_out
from training.transformer.sheet import write_sheet
from training.transformer.state import Run, frozen_copy

TINY = Sizes(dim=64, layers=1, semantic_layer=0)


class OneBatch:
    """A store that always gives the same clips."""

    def draw(self, size: int, *, single: bool, random: torch.Generator) -> Batch:
        frames = 1 if single else 5
        torch.manual_seed(0)
        latents = torch.randn(size, 32, frames, 12, 20)
        shows = torch.arange(5).expand(size, frames, 5)
        text, targets = torch.randn(size, frames, 33, 384), torch.zeros(size, frames, 60, 10)
        return Batch(latents, text, targets, shows)


class Texts(OneBatch):
    """Words and what they mean are the number of the draw."""

    drawn = 0

    def draw(self, size: int, *, single: bool, random: torch.Generator) -> Batch:
        self.drawn += 1
        text = torch.full((size, 1, 33, 384), float(self.drawn))
        shows = torch.full((size, 1, 5), self.drawn)
        drawn = super().draw(size, single=single, random=random)
        return replace(drawn, text=text, shows=shows)


@pytest.fixture
def run() -> Run:
    run = Run.fresh(TINY)
    torch.manual_seed(0)
    for average, mine in zip(run.ema.parameters(), run.model.parameters(), strict=True):
        torch.nn.init.normal_(mine, std=0.1)
        average.copy_(mine.detach())
    return run


@pytest.mark.parametrize("target", ["guide", "endpoint"])
@pytest.mark.parametrize("single", [True, False])
def test_a_student_comes_closer_to_its_target(run, target, single):
    how = Distillation(target, guidance_first=3.0, guidance=2.0)
    teacher = frozen_copy(run.model)
    distiller = Distiller(run, teacher, torch.zeros(33, 384), how)
    run.set_rate(0.1)
    values = []
    for _ in range(REUSE + 1):  # the teacher goes its way in the first and in the last
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


def test_guidance_rests_below_its_level(run):
    """Frames above the level get the guided flow, those below the teacher's own."""
    teacher, null = frozen_copy(run.model), torch.zeros(33, 384)
    batch = OneBatch().draw(2, single=False, random=torch.Generator())
    sigma = torch.tensor([[0.9, 0.2, 0.9, 0.2, 0.9]] * 2)
    sample = noised(batch, Recipe(text_dropout=0.0), null, torch.Generator(), sigma=sigma)

    def flow(above: float, guidance: float) -> torch.Tensor:
        how = Distillation("guide", guidance, guidance, guided_above=above)
        return Distiller(run, teacher, null, how)._guided(sample)

    mixed, guided, plain = flow(0.5, 3.0), flow(0.0, 3.0), flow(0.0, 1.0)
    assert not torch.allclose(guided, plain, atol=1e-3)
    assert torch.equal(mixed[:, :, ::2], guided[:, :, ::2])
    assert torch.allclose(mixed[:, :, 1::2], plain[:, :, 1::2], atol=1e-5)


class CurvedTeacher:
    """Ends at a known frame by a way that is no line: the flow grows with the noise level."""

    def __init__(self) -> None:
        self.noise: list[torch.Tensor] = []

    def __call__(self, sample: Sample) -> torch.Tensor:
        frames = sample.target.shape[2]
        x, sigma = sample.x[:, :, -frames:], sample.t[:, -frames:] / 1000
        if float(sigma.min()) == 1.0:
            self.noise.append(x)
        return 2 * sigma[:, None, :, None, None] * x


@pytest.mark.parametrize("single", [True, False])
def test_every_goal_leads_to_the_end_that_belongs_to_the_noise(run, single):
    teacher = CurvedTeacher()
    endpoint = Endpoint(run, teacher, torch.zeros(33, 384), 2.5)
    levels = set()
    for _ in range(3 * REUSE):
        sample, goal = endpoint.task(OneBatch(), 4, single=single)
        frames = goal.shape[2]
        x, sigma = sample.x[:, :, -frames:], sample.t[:, -frames:] / 1000
        end = x - sigma[:, None, :, None, None] * goal
        known = torch.cat(teacher.noise)
        factor = 1.0
        for level, lower in pairwise(sigmas_of(16, 2.5)):
            factor *= 1 + (lower - level) * 2 * level
        gaps = (end[:, None] - factor * known[None]).flatten(2).abs().amax(-1)
        assert float(gaps.amin(1).max()) < 1e-4
        levels |= set(sample.t[:, -frames:].flatten().tolist())
        assert sample.weight.shape == (4, frames, 12, 20)
    assert len(teacher.noise) == 3
    assert 1000.0 in levels
    assert len(levels) > 6


def test_states_lie_on_the_line_or_where_the_students_own_steps_lead(run):
    """A student that says every goal goes along the line, so both kinds are the same."""
    teacher = CurvedTeacher()
    endpoint = Endpoint(run, teacher, torch.zeros(33, 384), 2.5)
    endpoint.task(OneBatch(), 4, single=True)
    pairs = endpoint._pairs[True]
    endpoint.student = lambda sample: pairs.noise - pairs.end
    x, sigma = endpoint._own_states(pairs, single=True)
    wide = sigma[:, None, :, None, None]
    assert torch.allclose(x, (1 - wide) * pairs.end + wide * pairs.noise, atol=1e-4)
    lists = torch.tensor((*sigmas_of(4, 2.5)[1:4], sigmas_of(2, 2.5)[1]))
    assert float((sigma.flatten()[:, None] - lists).abs().amin(1).max()) < 1e-6


def test_pairs_of_the_teacher_are_kept_up_to_a_limit(run, monkeypatch):
    monkeypatch.setattr("training.transformer.endpoint.KEPT", 6)
    endpoint = Endpoint(run, CurvedTeacher(), torch.zeros(33, 384), 2.5)
    for _ in range(2 * REUSE):
        endpoint.task(OneBatch(), 4, single=True)
    assert len(endpoint._pairs[True].end) == 6


def test_own_streams_go_on_and_change_what_they_speak_of(run):
    model, random = frozen_copy(run.model), torch.Generator().manual_seed(0)
    streams, store = OwnStreams(2.5, steps=(2,), switch=0.5), Texts()
    made = [streams.next(model, store, 3, random) for _ in range(LONGEST + 1)]
    assert made[0].latents.shape == (3, 32, 5, 12, 20)
    assert made[0].text.shape == (3, 5, 33, 384)
    spoken = torch.cat([batch.text[:, :, 0, 0] for batch in made], dim=1)
    shown = torch.cat([batch.shows[:, :, 0] for batch in made], dim=1)
    assert torch.equal(shown.float(), spoken)
    steps = spoken.diff(dim=1)[:, :-5]
    assert bool((steps >= 0).all())
    places = {int(place) % 5 for _, place in steps.nonzero()}
    assert len(places) > 2  # in the middle of clips too
    assert bool((spoken[:, -5:] == LONGEST + 1).all())  # a new beginning has new words
    assert not torch.equal(made[0].latents, made[1].latents)


def test_own_streams_pass_over_clips_and_some_never_change_their_words(run):
    model = frozen_copy(run.model)
    random, store = torch.Generator().manual_seed(0), Texts()
    streams = OwnStreams(2.5, steps=(2,), switch=1.0, stride=3)
    for _ in range(4):
        given = streams.next(model, store, 3, random)
    assert store.drawn == 12
    words = given.text[:, -1, 0, 0].tolist()
    assert words[0] == 1.0  # its first ones
    assert words[2] == 12.0  # new ones in every clip
    assert words[0] <= words[1] <= words[2]


class TorchNoise:
    """The noise of a torch generator, for the shipped sampler."""

    def __init__(self, random: torch.Generator) -> None:
        self.random = random

    def standard_normal(self, shape: tuple[int, ...], dtype: type) -> np.ndarray:
        return torch.randn(shape, generator=self.random).numpy().astype(dtype)


def test_own_streams_are_what_the_shipped_sampler_makes(run):
    model, random = frozen_copy(run.model), torch.Generator().manual_seed(7)
    made = OwnStreams(2.5, steps=(4,)).next(model, OneBatch(), 2, random)
    random = torch.Generator().manual_seed(7)
    torch.randint(5, (2,), generator=random)
    torch.rand(2, generator=random)
    torch.rand(1, generator=random)
    plan = StepPlan.of((1000, 750, 500, 250), shift=2.5, method="euler")
    kv, pooled = text_inputs(model, made.text[:, :1])
    cache = model.empty_cache((6, 10), frames=5, batch=2)
    block = cache.begin_block(1)

    def flow(x: np.ndarray, index: int) -> np.ndarray:
        t = torch.full((2, 1), plan.timesteps()[index])
        x = torch.from_numpy(x)
        return model.stream(x, t, kv, cache=cache, plan=block, pooled=pooled).numpy()

    *_, first = denoise(flow, (2, 32, 1, 12, 20), plan, TorchNoise(random))
    assert np.allclose(made.latents[:, :, :1].numpy(), first, atol=1e-5)
    # The window and what is put on the past are the shipped ones too.
    shipped = read_manifest(ASSETS)
    assert shipped.window == WINDOW
    assert shipped.context_t == pytest.approx(1000 * CONTEXT_SIGMA)


def test_a_torch_stream_repeats_by_seed(run):
    model = frozen_copy(run.model)
    text, null = torch.randn(2, 3, 33, 384), torch.zeros(33, 384)
    how = Sampling(steps=2, window=2)
    first = roll_out(model, text, null, 3, how)
    assert first.shape == (2, 3, 32, 12, 20)
    assert torch.equal(first, roll_out(model, text, null, 3, how))
    assert not torch.equal(first, roll_out(model, text, null, 3, how, seed=1))


def test_a_stopped_stage_trains_what_is_left(run, tmp_path, monkeypatch):
    """Three hours, a step takes one of them."""
    ticks = count()
    monkeypatch.setattr(distill, "time", SimpleNamespace(monotonic=lambda: next(ticks) * 3600))
    args = Namespace(hours=3, steps=None, clip_share=0.0, single_size=1, clip_size=1)
    args.rate, args.ema, path = 0.1, 0.9, tmp_path / "last.pt"

    def steps(run: Run, stop_after: int = 99) -> int:
        def loss(*args, **named):
            losses.append(0)
            if len(losses) == stop_after:
                signal.raise_signal(signal.SIGTERM)
            return 0 * sum(each.sum() for each in run.model.parameters())

        losses = []
        distill.train(SimpleNamespace(run=run, loss=loss), OneBatch(), args, path)
        return len(losses)

    before = signal.getsignal(signal.SIGTERM)
    try:
        assert [steps(run, 1), steps(Run.load(path)), steps(Run.load(path))] == [1, 2, 3]
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_sheet_is_a_picture(tmp_path):
    picture = np.zeros((20, 30, 3), np.uint8)
    write_sheet(tmp_path / "deep" / "sheet.png", [("a prompt", [picture, picture])])
    assert (tmp_path / "deep" / "sheet.png").stat().st_size > 50

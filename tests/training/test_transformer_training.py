"""Training the transformer: noise, batches, Muon, checkpoints; with tiny sizes."""

import itertools
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from scope.models.causal import CausalTransformer, FrameLayout
from training.classifier.model import VALUES
from training.muon import orthogonalise
from training.text.cache import VARIANTS, cache_path, fill
from training.transformer import train as train_module
from training.transformer.data import OFTEN, LatentStore
from training.transformer.evaluate_flow import held_out
from training.transformer.grow import grown
from training.transformer.model import SemanticHead, Sizes, start
from training.transformer.objective import (
    Recipe,
    Sample,
    blurred,
    importance,
    losses,
    noised,
    predict,
)
from training.transformer.state import Run, load_ema
from training.transformer.train import Plan, Trainer
from training.transformer.worn import Wear, tinted, worn_past
from training.world.attributes import sample

TINY = Sizes(dim=64, layers=2, semantic_layer=0)


def scene(captions: list[str], skies: list[str], change_frame: int | None = None) -> dict:
    drawn = sample(np.random.default_rng(0), split="train")
    attributes = [replace(drawn, sky=sky).as_dict() for sky in skies]
    told = {"captions": captions, "attributes": attributes, "change_frame": change_frame}
    return told | {"seed": 1}


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("latents")
    random = np.random.default_rng(0)
    for number in range(2):
        targets = random.random((4, 5, 60, 10))
        targets[..., :8] /= targets[..., :8].sum(-1, keepdims=True)
        path = folder / f"shard_{number:05}.npz"
        latents = random.standard_normal((4, 5, 32, 12, 20)).astype(np.float16)
        np.savez(path, latents=latents, targets=targets.astype(np.float16))
        records = [
            scene(["a sea", "a hill"], ["none", "rainbow"], change_frame=8),
            *(scene(["a sea"], ["sun"]) for _ in range(3)),
        ]
        path.with_suffix(".json").write_text(json.dumps(records))
    return folder


@pytest.fixture(scope="module")
def store(shards) -> LatentStore:
    store = LatentStore(shards)
    store.refresh()
    return store


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_captions_are_embedded_once(shards, store):
    cached = cache_path(shards / "shard_00000.json")
    assert np.load(cached).shape == (4, VARIANTS, 2, 33, 384)
    assert fill(shards) == 0


def test_the_first_shard_is_held_out(shards, store):
    valid = LatentStore(shards, holdout=True)
    valid.refresh()
    assert (len(store), len(valid)) == (OFTEN["rainbow"] + 3 * OFTEN["sun"], 4)


def test_a_frame_after_the_change_has_the_second_text(store):
    text = store.take([0], single=False, random=generator()).text[0]
    assert torch.equal(text[0], text[1])
    assert torch.equal(text[2], text[4])
    assert not torch.equal(text[1], text[2])


def test_frames_know_what_they_show(store):
    shows = store.take([0], single=False, random=generator()).shows[0]
    skies = [VALUES["sky"][row[list(VALUES).index("sky")]] for row in shows.tolist()]
    assert skies == ["none", "none", "rainbow", "rainbow", "rainbow"]


def test_noisy_frames_follow_their_clean_past(store):
    batch = store.take([0, 1], single=False, random=generator())
    recipe = Recipe(text_dropout=0.0, context_noise=(0.0, 0.0, 0.0))
    sample = noised(batch, recipe, torch.zeros(33, 384), generator())
    assert torch.equal(sample.x[:, :, :4], batch.latents[:, :, :4])
    assert not sample.t[:, :4].any()
    sigma = sample.t[:, None, 4:, None, None] / 1000
    restored = sample.x[:, :, 4:] - sigma * sample.target
    torch.testing.assert_close(restored, batch.latents, atol=1e-5, rtol=1e-5)


def test_dropping_the_text_gives_the_text_of_nothing(store):
    batch = store.take([1], single=True, random=generator())
    null = torch.full((33, 384), 0.25)
    assert (noised(batch, Recipe(text_dropout=1.0), null, generator()).text == 0.25).all()


def test_a_worn_past_is_a_guess_near_the_truth_for_a_share_of_the_clips(store):
    model, null = start(TINY).eval(), torch.zeros(33, 384)
    batch = store.take([0, 1, 2], single=False, random=generator())
    clean = batch.latents[:, :, :4]
    once = Wear(share=1.0, rounds=1, sigma=(0.1, 0.1), tinted=0.0)
    past = worn_past(model, batch, Recipe(), once, null, generator())
    assert 0.05 < float((past - clean).std()) < 0.2
    none = Wear(share=0.0, tinted=0.0)
    assert torch.equal(worn_past(model, batch, Recipe(), none, null, generator()), clean)


def test_pasts_are_worn_by_the_weights_that_are_named(tmp_path, shards):
    kept = Run.fresh(TINY, seed=1)
    kept.save(tmp_path / "kept.pt")
    run, train = Run.fresh(TINY), LatentStore(shards)
    plan = Plan(tmp_path, 1.0, 0.5, 2, 2, 0.5, clips_from=0, own_past_from=0)
    assert Trainer(run, plan, train, train).wearer is run.ema
    named = Trainer(run, replace(plan, wear_by=tmp_path / "kept.pt"), train, train).wearer
    for ours, theirs in zip(named.parameters(), kept.ema.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_stopped_stage_trains_what_is_left_and_after_its_end_another_begins(
    tmp_path, shards, monkeypatch
):
    """Six hours, a step takes one of them."""
    ticks = itertools.count()
    monkeypatch.setattr(train_module, "time", SimpleNamespace(monotonic=lambda: next(ticks) * 3600))
    store, path = LatentStore(shards), tmp_path / "last.pt"
    store.refresh()

    def steps(stop_after: int | None = None) -> list[float]:
        """Rates of the steps that the same command makes."""
        run = Run.load(path) if path.exists() else Run.fresh(TINY)
        plan = Plan(tmp_path, 6.0, 0.5, 2, 2, 0.5, clips_from=0, own_past_from=0, save_s=1e9)
        trainer, rates = Trainer(run, plan, store, store), list[float]()

        def step() -> tuple[str, float, float]:
            run.step += 1000
            rates.append(round(trainer.rate(), 2))
            trainer.stop = len(rates) == stop_after
            return "single", 0.0, 0.0

        monkeypatch.setattr(trainer, "step", step)
        trainer.loop()
        return rates

    assert steps(stop_after=2) == [1, 1]
    assert steps() == [1, 1, 0.67, 0.33]
    assert steps() == [1, 1, 1, 1, 0.67, 0.33]
    assert Run.load(path).seconds == 12 * 3600


def test_a_past_wears_from_round_to_round(store, monkeypatch):
    """Each guess starts from the clean clip, but continues the guesses before it."""
    batch = store.take([0, 1, 2], single=False, random=generator())
    clean, seen = batch.latents[:, :, :4], []

    def watched(model: CausalTransformer, sample: Sample, layer: int) -> tuple[Tensor, Tensor]:
        seen.append(sample.x[:, :, :4])
        return predict(model, sample, layer)

    monkeypatch.setattr("training.transformer.worn.predict", watched)
    recipe = Recipe(context_noise=(0.0, 0.0, 0.0))
    wear = Wear(share=1.0, rounds=6, sigma=(0.1, 0.1), tinted=0.0)
    model, null = start(TINY).eval(), torch.zeros(33, 384)
    worn_past(model, batch, recipe, wear, null, generator().manual_seed(3))
    assert len(seen) == 4
    assert torch.equal(seen[0], clean)
    errors = [float((past - clean).std()) for past in seen]
    assert all(0.05 < error < 0.2 for error in errors[1:])  # near the truth in every round


def test_a_tint_changes_contrast_detail_and_colours_but_not_the_scene():
    past = torch.randn(4, 32, 4, 12, 20, generator=generator())
    assert torch.allclose(tinted(past, Wear(gain=0.0, shift=0.0), generator()), past, atol=1e-5)
    moved = tinted(past, Wear(gain=0.0, shift=0.5), generator()) - past
    assert float(moved.std((2, 3, 4)).max()) < 1e-5  # one number for a channel of a clip
    assert 0.3 < float(moved.mean((2, 3, 4)).std()) < 0.7
    louder = tinted(past, Wear(gain=0.2, shift=0.0), generator())
    centred = past - past.mean((-2, -1), keepdim=True)
    assert torch.allclose(louder.mean((-2, -1)), past.mean((-2, -1)), atol=0.1)
    alike = torch.nn.functional.cosine_similarity(
        (louder - past.mean((-2, -1), keepdim=True)).flatten(1), centred.flatten(1)
    )
    assert float(alike.min()) > 0.9
    gains = (louder.std((1, 2, 3, 4)) / past.std((1, 2, 3, 4))).tolist()
    assert len({round(gain, 2) for gain in gains}) > 1


def test_a_token_with_the_moon_weighs_more_and_the_mean_is_one():
    semantics = torch.zeros(1, 1, 60, 10)
    semantics[..., 0] = 1.0
    semantics[0, 0, 11, :3] = torch.tensor([0.5, 0.0, 0.5])
    weight = importance(semantics, torch.zeros(1, 32, 1, 12, 20))
    assert float(weight.mean()) == pytest.approx(1.0)
    ratio = weight[0, 0] / weight[0, 0, 0, 0]
    assert torch.equal(ratio[2:4, 2:4], torch.full((2, 2), 4.0))
    assert float(ratio.sum()) == pytest.approx(240 + 4 * 3.0)


def test_what_stands_out_of_the_sky_counts_more():
    semantics = torch.zeros(1, 1, 60, 10)
    semantics[0, 0, :40, 0] = 1.0
    semantics[0, 0, 40:, 3] = 1.0
    clean = torch.linspace(0, 3, 12)[:, None].expand(1, 32, 1, 12, 20).clone()
    clean[:, :, :, :8] = clean[:, :, :, ::2][:, :, :, :4].repeat_interleave(2, dim=-2)
    clean[:, :, 0, 4:6, 6:8] += 2.0  # in the sky
    clean[:, :, 0, 10:12, 6:8] += 2.0  # on the ground
    weight = importance(semantics, clean)
    assert float(weight.mean()) == pytest.approx(1.0)
    ratio = weight[0, 0] / weight[0, 0, 0, 0]
    assert torch.allclose(ratio[4:6, 6:8], torch.tensor(4.0), atol=0.01)
    assert torch.allclose(ratio[8:], torch.tensor(1.0))
    assert float(ratio[4:6, :6].max()) < 1.5
    assert torch.allclose(ratio[:4], torch.tensor(1.0))
    semantics[0, 0, 23, :2] = torch.tensor([0.1, 0.9])
    ratio = importance(semantics, clean)[0, 0] / weight[0, 0]
    assert torch.allclose(ratio, torch.tensor(1.0))  # as a cloud it counts as much


def test_muon_makes_matrices_orthogonal():
    torch.manual_seed(0)
    for shape in ((3, 32, 32), (2, 16, 64), (2, 64, 16)):
        singular = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert singular.max() < 1.3
        assert singular.median() > 0.6


def test_a_fresh_model_says_nothing_and_learns(store):
    run = Run.fresh(TINY)
    batch = store.draw(4, single=True, random=run.random)
    sample = noised(batch, Recipe(), torch.zeros(33, 384), run.random)
    first, _ = losses(run.model, run.head, sample, 0)
    assert float(first.detach()) == pytest.approx(float(sample.target.square().mean()), rel=0.02)
    for _ in range(12):
        loss, semantic = losses(run.model, run.head, sample, 0)
        (loss + semantic).backward()
        run.muon.step()
        run.adam.step()
        run.model.zero_grad()
        run.head.zero_grad()
    assert float(loss.detach()) < 0.97 * float(first.detach())


def test_a_checkpoint_continues_where_it_stopped(tmp_path, store):
    run = Run.fresh(TINY)
    run.step, run.views = 7, 99
    run.follow(0.999)
    path = tmp_path / "last.pt"
    run.save(path)
    again = Run.load(path)
    assert (again.step, again.views) == (7, 99)
    assert torch.equal(torch.rand(3, generator=run.random), torch.rand(3, generator=again.random))
    ema = load_ema(path)
    for mine, theirs in zip(run.ema.parameters(), ema.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_held_out_loss_repeats(store):
    model = start(TINY).eval()
    assert held_out(model, store, single=False, clips=2) == held_out(
        model, store, single=False, clips=2
    )


def test_the_semantic_head_is_content_with_the_truth():
    head = SemanticHead(8)
    targets = torch.zeros(1, 1, 4, 10)
    targets[..., 3] = 1
    with torch.no_grad():
        for parameter in head.layers[-1].parameters():
            parameter.zero_()
        unsure = head.loss(torch.randn(1, 1, 4, 8), targets)
        head.layers[-1].bias[3] = 20.0
        sure = head.loss(torch.randn(1, 1, 4, 8), targets)
    assert sure < 1e-3 < unsure


@torch.no_grad()
def test_a_grown_transformer_says_the_same_of_the_channels_it_knew(tmp_path):
    small = Run.fresh(Sizes(dim=64, layers=2, channels=3))
    for parameter in small.ema.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    small.save(tmp_path / "last.pt")
    large = grown(tmp_path / "last.pt", channels=5)
    x, t = torch.randn(1, 5, 1, 4, 6), torch.tensor([[500.0]])
    text, layout = torch.randn(1, 1, 4, 384), FrameLayout.teacher_forced(1)
    known, wider = (
        model(part, t, model.text_kv(text), layout=layout)
        for model, part in ((small.ema, x[:, :3]), (large.model, x))
    )
    torch.testing.assert_close(wider[:, :3], known)
    assert not wider[:, 3:].any()
    assert large.sizes.channels == 5
    assert large.step == 0


def test_texts_are_moved_by_no_more_than_asked_and_padding_stays():
    random = torch.Generator().manual_seed(0)
    text = torch.randn(400, 2, 3, 384)
    text[:, :, 2] = 0
    text[:, 1] = text[:, 0]
    moved = blurred(text, Recipe(text_noise=0.3), random)
    assert not moved[:, :, 2].any()
    assert torch.equal(moved[:, 0], moved[:, 1])
    size = (moved - text)[:, 0, 0].norm(dim=-1) / text[:, 0, 0].norm(dim=-1)
    still = size == 0
    assert 0.4 < float(still.float().mean()) < 0.6
    assert 0.25 < float(size.max()) < 0.35

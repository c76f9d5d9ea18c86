"""The evaluation: its judge learns, its cases are the prompts that keep, its score counts."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from training import evaluate
from training.classifier.model import VALUES, Classifier, labels, shard_pictures, shrink
from training.evaluation.cases import Case, cases, free_cases, relative, score
from training.evaluation.measures import flops_of_a_pass, frechet
from training.evaluation.streams import Looks, chunk_times, evenly, is_cut, last_picture
from training.export.tiny import write_tiny_package

ATTRIBUTES = {
    "biome": "lake",
    "time": "night",
    "weather": "clear",
    "sky": "moon",
    "style": "natural",
    "season": "none",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    np.save(folder / "shard_00000.npy", np.full((2, 20, 24, 40, 3), 128, np.uint8))
    plain = {"captions": ["a lake"], "change_frame": None, "attributes": [ATTRIBUTES]}
    plain["mentioned"] = [["biome", "season"]]
    changed = plain | {"captions": ["a lake", "a sea"], "change_frame": 8}
    (folder / "shard_00000.json").write_text(json.dumps([changed, plain]))
    return folder


def test_only_clips_that_keep_their_prompt_are_cases(folder):
    found = cases(folder, 10)
    assert [(case.prompt, case.named) for case in found] == [("a lake", {"biome": "lake"})]


def test_pictures_are_shrunk_and_labelled(folder):
    pictures, attributes = shard_pictures(folder / "shard_00000.json", 3)
    assert pictures.shape == (1, 3, 96, 160)
    assert int(labels(attributes)["biome"][0]) == VALUES["biome"].index("lake")


def test_the_judge_learns_two_colours():
    torch.manual_seed(0)
    judge = Classifier(width=16)
    pixels = torch.zeros(4, 24, 40, 3, dtype=torch.uint8)
    pixels[:2] = 255
    wanted = torch.tensor([0, 0, 1, 1])
    optimiser = torch.optim.Adam(judge.parameters(), lr=1e-2)
    for _ in range(8):
        loss = torch.nn.functional.cross_entropy(judge(shrink(pixels))["time"], wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    seen = [names["time"] for names in judge.names(shrink(pixels))]
    assert seen == ["dawn", "dawn", "day", "day"]


def test_the_score_counts_named_attributes_only():
    judge = Classifier(width=16)
    judge.names = lambda pictures: [ATTRIBUTES, ATTRIBUTES]
    picture = np.zeros((24, 40, 3), np.uint8)
    asked = [
        Case("", {"biome": "lake", "time": "day"}, picture),
        Case("", {"biome": "city"}, picture),
    ]
    shares = score(judge, [picture, picture], asked)
    assert shares == {"biome": 0.5, "time": 0.0, "all": round(1 / 3, 3)}


def test_a_picture_comes_from_the_pipeline(tmp_path):
    from scope.pipelines.vista.pipeline import VistaLoad, vista_of

    write_tiny_package(tmp_path)
    vista = vista_of(tmp_path)(
        VistaLoad(threads=1, precision="f32"), device="cpu", progress=lambda *said: None
    )
    assert last_picture(vista, "a lake", evenly(2), 2, 0).shape == (32, 64, 3)


def test_a_timed_chunk_is_made_and_encoded(tmp_path, monkeypatch):
    from scope.media.encoder import VideoEncoder
    from scope.pipelines.vista.pipeline import VistaLoad, vista_of

    write_tiny_package(tmp_path)
    load = VistaLoad(threads=1, precision="f32")
    vista = vista_of(tmp_path)(load, device="cpu", progress=lambda *said: None)
    encoded = []
    encode = VideoEncoder.encode
    monkeypatch.setattr(
        VideoEncoder, "encode", lambda self, picture: encoded.append(encode(self, picture))
    )
    first, later = chunk_times(vista, "a lake", evenly(1), 3)
    assert len(later) == 3
    assert min(first, *later) > 0
    assert [frame.index for frame in encoded] == list(range(16))


@pytest.mark.parametrize(
    ("named", "seconds"),
    [
        ({"time": "night"}, 4 / 16),
        ({"time": "night", "biome": "city"}, float("inf")),
        ({"time": "day", "biome": "lake"}, 0.0),
        ({"time": "dusk"}, float("inf")),
    ],
)
def test_a_prompt_shows_once_most_of_what_it_names_is_seen_and_stays(monkeypatch, named, seconds):
    times = ["day", "day", "night", "day", "night", "night", "night", "night", "day"]
    times = 3 * ["day"] + times if named["time"] == "day" else times
    shown = [{"time": time, "biome": "lake"} for time in times]
    monkeypatch.setattr(evaluate, "seen", lambda judge, pictures: shown)
    vista = SimpleNamespace(format=SimpleNamespace(fps=16.0))
    bench = SimpleNamespace(judge=None, vista=vista)
    assert (
        evaluate.seconds_until(bench, np.zeros((len(shown), 2, 2, 3), np.uint8), named) == seconds
    )


def test_shared_out_switches_are_the_same_pairs(monkeypatch, tmp_path):
    """Each pair keeps its prompts and its seed, however many are left out before it; one whose
    second prompt names nothing new is left out."""
    asked = [Case(f"prompt {number}", {"time": f"{number}"}, None) for number in range(6)]
    asked += [Case("prompt 6", {"time": "6", "sky": "sun"}, None), Case("7", {"time": "6"}, None)]
    monkeypatch.setattr(evaluate, "cases", lambda folder, count: asked[:count])
    monkeypatch.setattr(evaluate, "seconds_until", lambda bench, pictures, named: 0.5)
    made = []

    def chunks(vista, prompts, steps, seed):
        made.append((prompts[0], prompts[-1], seed))
        return [np.zeros((4, 2, 2, 3), np.uint8)] * len(prompts)

    monkeypatch.setattr(evaluate, "chunks", chunks)
    vista = SimpleNamespace(format=SimpleNamespace(fps=16.0), chunk_frames=4)
    lines = []
    for skip, streams in ((0, 4), (1, 3)):
        args = SimpleNamespace(skip=skip, streams=streams, steps=4)
        bench = evaluate.Bench(vista, None, tmp_path, args)
        lines += evaluate.switch(bench)
    assert [line["switches"] for line in lines] == [3, 2]
    assert made[:6] == [
        (f"prompt {2 * seed + alone}", f"prompt {2 * seed + 1}", seed)
        for seed in range(3)
        for alone in (0, 1)
    ]
    assert made[6:] == made[2:6]


def test_free_prompts_name_what_the_judge_knows():
    found = free_cases()
    assert len(found) == 50
    assert all(value in VALUES[key] for case in found for key, value in case.named.items())


def test_shares_are_of_what_can_be_reached():
    assert relative({"biome": 0.4, "all": 0.9}, {"biome": 0.8, "all": 0.9}) == {
        "biome": 0.5,
        "all": 1.0,
    }


def test_the_distance_between_sets_is_zero_for_the_same_and_grows_with_a_shift():
    torch.manual_seed(0)
    one = torch.randn(200, 8)
    assert frechet(one, one, 4) < 1e-6
    assert frechet(one + 1, one, 8) == pytest.approx(8, rel=0.01)


def test_more_steps_are_evenly_spread():
    assert evenly(4) == (1000, 750, 500, 250)
    assert len(evenly(32)) == 32


def test_drift_is_told_in_shares():
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 100, (24, 40, 3), dtype=np.uint8)]
    drift = Looks.of(pictures).drift(Looks.of([pictures[0] * 2]))
    assert drift["contrast"] == pytest.approx(1.0, abs=0.01)
    assert drift["sharpness"] == pytest.approx(1.0, abs=0.01)
    assert drift["colour"] == pytest.approx(0.194, abs=0.02)


def test_a_cut_is_one_big_step_and_a_fade_is_none():
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 200, np.uint8)
    fade = [np.full((8, 8, 3), level, np.uint8) for level in range(0, 201, 20)]
    assert is_cut([black, black, white, white], black, white)
    assert not is_cut(fade, black, white)


def test_the_work_of_a_pass_is_counted(tmp_path):
    manifest = write_tiny_package(tmp_path)
    # 2 layers of 14 square products of 32, two of 16 at the ends, attention over 6 + 32 rows.
    weights, attention = 2 * 14 * 32 * 32 + 2 * 16 * 32, 2 * 2 * 2 * 32 * (6 + 32)
    assert flops_of_a_pass(manifest) == 2 * (2 * weights + attention)


def test_a_film_has_every_picture_that_was_asked_for(tmp_path):
    from PIL import Image

    from scope.pipelines.vista.pipeline import VistaLoad, vista_of
    from training.transformer.film import film, write_film

    write_tiny_package(tmp_path)
    load = VistaLoad(threads=1, precision="f32")
    vista = vista_of(tmp_path)(load, device="cpu", progress=lambda *said: None)
    pictures = film(vista, ("a lake", "a hill"), seconds=1.0, steps=1, seed=0)
    assert pictures.shape == (16, 32, 64, 3)
    write_film(tmp_path / "film.gif", pictures[::2], fps=8.0, colours=16)
    with Image.open(tmp_path / "film.gif") as image:
        durations = []
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            durations.append(image.info["duration"])
    assert durations == [120, 130] * 4  # a second; the format counts in hundredths of it

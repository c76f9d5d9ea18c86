"""The evaluation: its judge learns, its cases are the prompts that keep, its score counts."""

import json

import numpy as np
import pytest
import torch

from training.classifier.model import VALUES, Classifier, labels, shard_pictures, shrink
from training.evaluate import Case, cases, generate, score
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
    judge = Classifier(width=8)
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
    judge = Classifier(width=8)
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
    assert generate(vista, "a lake", (1000, 500), 2, 0).shape == (32, 64, 3)

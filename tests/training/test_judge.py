"""The training of the judge: stopped and begun again, it is the same training."""

import json
import signal
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from training.classifier import train
from training.classifier.model import Classifier

ATTRIBUTES = {"biome": "lake", "weather": "clear", "sky": "moon", "style": "natural"}


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    random = np.random.default_rng(0)
    np.save(folder / "shard_00000.npy", random.integers(0, 255, (4, 20, 24, 40, 3), np.uint8))
    records = [
        {"change_frame": None, "attributes": [ATTRIBUTES | {"time": time}]}
        for time in ("day", "night", "dawn", "dusk")
    ]
    (folder / "shard_00000.json").write_text(json.dumps(records))
    return folder


@pytest.fixture
def small(monkeypatch) -> Iterator[None]:
    """A small judge without a compiler, whose steps take a minute each on its clock."""
    ticks = count()
    monkeypatch.setattr(train, "time", SimpleNamespace(monotonic=lambda: next(ticks) * 60))
    monkeypatch.setattr(train, "Classifier", lambda: Classifier(width=8))
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: None)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    signal.signal(signal.SIGTERM, before[0])
    signal.signal(signal.SIGINT, before[1])


def command(clips: Path, folder: Path, monkeypatch) -> None:
    folder.mkdir(exist_ok=True)
    said = f"train --clips {clips} --valid {clips} --out {folder}/judge --minutes 5 --batch 4"
    said += f" --checkpoint {folder}/judge.pt"
    monkeypatch.setattr(sys, "argv", said.split())
    train.main()


def test_a_stopped_training_goes_on_and_ends_as_if_it_had_not_been_stopped(
    small, clips, tmp_path, monkeypatch
):
    command(clips, tmp_path / "whole", monkeypatch)
    learn, steps = train.Learning.learn, []

    def stopped_after_two(self, *given) -> float:
        steps.append(self.step)
        if len(steps) == 2:
            signal.raise_signal(signal.SIGTERM)
        return learn(self, *given)

    monkeypatch.setattr(train.Learning, "learn", stopped_after_two)
    command(clips, tmp_path / "parts", monkeypatch)
    assert not (tmp_path / "parts" / "judge").exists()
    command(clips, tmp_path / "parts", monkeypatch)
    assert steps == [0, 1, 2, 3, 4]
    whole, parts = (load_file(tmp_path / name / "judge") for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    assert not (tmp_path / "parts" / "judge.pt").exists()

"""Files that could run code become files that can not, whole or not at all."""

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from scope.errors import LoadFailed
from scope.models import convert as module
from scope.models.convert import convert


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    """As a training run saves it; two tensors share their memory."""
    whole = torch.arange(6.0)
    shared = {"model.a.weight": whole[:4], "model.b.weight": whole}
    path = tmp_path / "base.pt"
    torch.save({"generator": {"x": torch.zeros(1)}, "generator_ema": shared, "step": 3}, path)
    return path


def test_the_tensors_come_under_their_plain_names(nested, tmp_path):
    assert convert(nested, tmp_path / "new.safetensors") == 2
    got = load_file(tmp_path / "new.safetensors")
    assert {name: tensor.tolist() for name, tensor in got.items()} == {
        "a.weight": [0, 1, 2, 3],
        "b.weight": [0, 1, 2, 3, 4, 5],
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base.pt", "new.safetensors"]


def test_another_part_can_be_named(nested, tmp_path):
    convert(nested, tmp_path / "new.safetensors", key="generator")
    assert list(load_file(tmp_path / "new.safetensors")) == ["x"]


class Trap:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_code_in_a_file_is_not_run_and_leaves_nothing(tmp_path):
    torch.save({"weight": torch.zeros(1), "trap": Trap(tmp_path / "sprung")}, tmp_path / "evil.pt")
    with pytest.raises(LoadFailed, match=r"evil\.pt is refused"):
        convert(tmp_path / "evil.pt", tmp_path / "evil.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["evil.pt"]


def test_what_is_there_is_not_overwritten(nested, tmp_path):
    target = tmp_path / "new.safetensors"
    target.write_text("mine")
    with pytest.raises(LoadFailed, match="there already"):
        convert(nested, target)
    assert target.read_text() == "mine"
    with pytest.raises(LoadFailed, match="does not end in"):
        convert(nested, tmp_path / "new.pt")


def test_a_full_disk_is_told_before_anything_is_written(nested, tmp_path, monkeypatch):
    usage = module.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(LoadFailed, match=r"takes 0\.0 GB and 0\.0 GB are free"):
        convert(nested, tmp_path / "new.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["base.pt"]

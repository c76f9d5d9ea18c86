"""`models convert`: what people read, and the code scripts get."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from scope.cli.main import app


def run(*line: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["models", "convert", *map(str, line)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "style.pt"
    torch.save({"generator_lora": {"q": torch.ones(2, 3)}, "generator": {"p": torch.ones(1)}}, path)
    return path


def test_it_is_written_beside_the_file_or_where_it_is_told(lora: Path, tmp_path: Path) -> None:
    assert "style.safetensors: 1 tensors" in run(lora).stdout
    assert list(load_file(tmp_path / "style.safetensors")) == ["p"]
    run(lora, "--out", tmp_path / "other.safetensors", "--key", "generator_lora")
    assert load_file(tmp_path / "other.safetensors")["q"].shape == (2, 3)
    told = json.loads(run(lora, "--out", tmp_path / "third.safetensors", "--json").stdout)
    size_bytes = (tmp_path / "third.safetensors").stat().st_size
    assert told == {
        "file": str(tmp_path / "third.safetensors"), "tensors": 1, "bytes": size_bytes
    }  # fmt: skip


def test_a_refusal_is_one_sentence(lora: Path, tmp_path: Path) -> None:
    run(lora)
    assert "is there already" in run(lora, code=1).stderr
    assert "there is no file" in run(tmp_path / "none.pt", code=1).stderr
    (tmp_path / "junk.pt").write_bytes(b"junk")
    assert "junk.pt is refused" in run(tmp_path / "junk.pt", code=1).stderr
    told = run(lora, "-o", tmp_path / "nowhere" / "a.safetensors", code=1).stderr
    assert "No such file or directory" in told

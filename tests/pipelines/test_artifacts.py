"""Announced files as paths in the hub's cache, and names that may not become paths."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from scope.pipelines.artifacts import (
    Artifact,
    file_here,
    missing_files,
    needed,
    repository_folder,
    require_files,
    snapshot_folder,
)

COMMIT = "a" * 40


def artifact(**changes: Any) -> Artifact:
    values: dict[str, Any] = {
        "repository": "maker/model",
        "files": ("weights/model.pt", "config.json"),
        "purpose": "weights",
        "licence": "Apache-2.0",
        "about_bytes": 10,
    }
    return Artifact(**{**values, **changes})


def put(cache: Path, name: str, *, repository: str = "maker/model", ref: str = "main") -> Path:
    folder = repository_folder(cache, repository)
    (folder / "refs").mkdir(parents=True, exist_ok=True)
    (folder / "refs" / ref).write_text(COMMIT)
    path = folder / "snapshots" / COMMIT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_a_file_is_here_once_the_snapshot_holds_it(tmp_path: Path) -> None:
    wanted = artifact()
    assert snapshot_folder(tmp_path, wanted) is None
    assert missing_files(tmp_path, wanted) == wanted.files
    path = put(tmp_path, "weights/model.pt")
    assert file_here(tmp_path, wanted, "weights/model.pt") == path
    assert missing_files(tmp_path, wanted) == ("config.json",)


def test_all_files_or_the_name_of_the_first_missing(tmp_path: Path) -> None:
    put(tmp_path, "weights/model.pt")
    with pytest.raises(FileNotFoundError, match=r"maker/model → config\.json is not here"):
        require_files(tmp_path, artifact())
    put(tmp_path, "config.json")
    assert set(require_files(tmp_path, artifact())) == {"weights/model.pt", "config.json"}


def test_a_pinned_revision_needs_no_branch(tmp_path: Path) -> None:
    put(tmp_path, "config.json", ref="other")
    assert missing_files(tmp_path, artifact(files=("config.json",))) == ("config.json",)
    assert not missing_files(tmp_path, artifact(files=("config.json",), revision=COMMIT))
    assert not missing_files(tmp_path, artifact(files=("config.json",), revision="other"))


def test_a_branch_that_points_nowhere_is_no_snapshot(tmp_path: Path) -> None:
    put(tmp_path, "config.json")
    (repository_folder(tmp_path, "maker/model") / "refs" / "main").write_text("../../../etc")
    assert snapshot_folder(tmp_path, artifact()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"repository": "model"},
        {"repository": "../model"},
        {"repository": "a/../b"},
        {"repository": "maker/.."},
        {"files": ("/etc/passwd",)},
        {"files": ("../other",)},
        {"files": ("a//b",)},
        {"files": ("",)},
        {"revision": "../main"},
        {"revision": ""},
    ],
    ids=str,
)
def test_names_that_lead_elsewhere_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not a"):
        artifact(**wrong)


def test_only_what_a_load_uses_is_needed() -> None:
    always = artifact()
    tiny = artifact(files=("tiny.safetensors",), only_for=("vae_type", ("tae", "lighttae")))
    assert needed((always, tiny), {}) == (always,)
    assert needed((always, tiny), {"vae_type": "wan"}) == (always,)
    assert needed((always, tiny), {"vae_type": "tae"}) == (always, tiny)


def test_an_artifact_travels_between_processes() -> None:
    assert pickle.loads(pickle.dumps(artifact())) == artifact()

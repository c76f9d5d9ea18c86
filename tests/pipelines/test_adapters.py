"""Adapters are files of one kind, inside one folder, and nothing else can be named."""

from pathlib import Path

import pytest

from scope.errors import InvalidParameters
from scope.pipelines import adapters
from scope.pipelines.adapters import adapter_named, adapters_in, name_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two adapters and things that are none, a secret beside the folder and a link to it."""
    root = tmp_path / "loras"
    (root / "styles").mkdir(parents=True)
    (root / "ink.safetensors").write_bytes(b"12345")
    (root / "styles" / "oil.safetensors").write_bytes(b"1")
    (root / "old.pt").write_bytes(b"pickle")
    (root / "folder.safetensors").mkdir()
    (tmp_path / "secret.safetensors").write_bytes(b"secret")
    (root / "link.safetensors").symlink_to(tmp_path / "secret.safetensors")
    (root / "way").symlink_to(tmp_path, target_is_directory=True)
    return root


def test_the_list_holds_adapters_in_the_folder_and_below_and_nothing_linked_from_outside(folder):
    listed = adapters_in(folder)
    assert [(each.name, each.size_bytes) for each in listed] == [
        ("ink.safetensors", 5),
        ("styles/oil.safetensors", 1),
    ]
    assert adapters_in(folder / "nowhere") == ()


def test_a_long_list_is_cut(folder, monkeypatch):
    monkeypatch.setattr(adapters, "MOST_LISTED", 1)
    assert len(adapters_in(folder)) == 1


@pytest.mark.parametrize("front", ["", "./styles/../", "{root}/", "{root}/styles/../"])
def test_an_adapter_goes_by_its_path_inside_the_folder_or_the_whole_one(folder, front):
    path = f"{front.format(root=folder)}styles/oil.safetensors"
    found = adapter_named(folder, path, field="loras.0.path")
    assert found.name == name_of(folder, path) == "styles/oil.safetensors"
    assert found.path == folder / "styles" / "oil.safetensors"
    assert found.size_bytes == 1


@pytest.mark.parametrize(
    "path",
    [
        "../secret.safetensors",
        "/etc/passwd",
        "/etc/nothing.safetensors",
        "styles/../../secret.safetensors",
        "link.safetensors",
        "way/secret.safetensors",
        ".",
        "..",
    ],
)
def test_what_lies_outside_is_refused_whether_it_is_there_or_not(folder, path):
    with pytest.raises(InvalidParameters, match="outside the folder") as caught:
        adapter_named(folder, path, field="loras.2.path")
    assert caught.value.field == "loras.2.path"


@pytest.mark.parametrize(
    "path", ["a" * 300 + ".safetensors", "loop/x.safetensors", "a\0.safetensors"]
)
def test_what_can_be_no_file_is_refused_with_the_field(folder, path):
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(InvalidParameters) as refused:
        adapter_named(folder, path, field="loras.0.path")
    assert refused.value.field == "loras.0.path"


def test_a_file_that_could_run_code_is_refused(folder):
    with pytest.raises(InvalidParameters, match=r"is no \.safetensors file"):
        adapter_named(folder, "old.pt", field="loras.0.path")


@pytest.mark.parametrize("path", ["wash.safetensors", "folder.safetensors"])
def test_an_unknown_one_is_told_with_those_that_are_here(folder, path):
    with pytest.raises(InvalidParameters) as caught:
        adapter_named(folder, path, field="loras.0.path")
    assert f"there is no adapter '{path}'" in caught.value.detail
    assert caught.value.detail.endswith("here are: ink.safetensors, styles/oil.safetensors")
    with pytest.raises(InvalidParameters, match="here are: none"):
        adapter_named(folder / "nowhere", path, field="loras.0.path")

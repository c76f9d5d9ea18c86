"""A folder of weights is used only when it is complete and untouched."""

import json

import pytest

from scope.pipelines.vista.manifest import read_manifest
from training.export.tiny import write_tiny_package


@pytest.fixture
def folder(tmp_path):
    write_tiny_package(tmp_path)
    return tmp_path


def test_a_complete_folder_is_read(folder):
    manifest = read_manifest(folder)
    assert manifest.tokens == 2
    assert manifest.latent_shape == (4, 2, 4)


def test_a_missing_file_is_named(folder):
    (folder / "time.onnx").unlink()
    with pytest.raises(ValueError, match=r"time\.onnx is missing"):
        read_manifest(folder)


def test_an_altered_file_is_named(folder):
    (folder / "text.onnx").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"text\.onnx .* not the file"):
        read_manifest(folder)


def test_a_file_with_a_path_for_a_name_is_refused(folder):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"]["../step.onnx"] = "0"
    path.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match="pattern"):
        read_manifest(folder)


def test_a_manifest_with_unknown_fields_is_refused(folder):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"extra": 1}))
    with pytest.raises(ValueError, match="extra"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sink": 2}, "sink must leave room"),
        ({"window": 1, "sink": 0}, "window"),
        ({"turn_t": 100.0}, "turn_t must not be under"),
        ({"turn_guidance": -0.1}, "turn_guidance"),
    ],
)
def test_values_that_can_not_be_run_are_refused(folder, change, said):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ValueError, match=said):
        read_manifest(folder)

"""What is here, whether it is good, and that removing takes no more than it should."""

from dataclasses import replace
from pathlib import Path

import pytest

from scope.hub.fetch import Fetch
from scope.hub.order import PART, Order
from scope.hub.shelf import Checked, Shelf
from scope.pipelines.artifacts import Artifact, file_here
from tests.hub.conftest import CONFIG, WEIGHTS
from tests.hub.stub_hub import StubHub


@pytest.fixture
def shelf(hub: StubHub, cache: Path, model: Artifact) -> Shelf:
    """A shelf with the model on it."""
    order = Order(endpoint=hub.url, cache=cache, artifacts=(model,))
    Fetch(order, tell=lambda news: None).run()
    return Shelf(cache)


def test_it_knows_what_is_here(shelf: Shelf, model: Artifact) -> None:
    other = replace(model, repository="maker/other")
    assert shelf.missing([model, other]) == (other,)
    assert shelf.bytes_here(model) == len(WEIGHTS) + len(CONFIG)
    assert shelf.bytes_here(other) == 0


def test_every_file_is_judged_by_its_hash(shelf: Shelf, model: Artifact) -> None:
    heard: list[Checked] = []
    assert {c.verdict for c in shelf.verify([model], told=heard.append)} == {"good"}
    assert len(heard) == 2
    weights = file_here(shelf.cache, model, "models/base.pt")
    assert weights
    weights.resolve().write_bytes(b"?" + WEIGHTS[1:])
    config = file_here(shelf.cache, model, "config.json")
    assert config
    config.unlink()
    verdicts = {c.name: c.verdict for c in shelf.verify([model])}
    assert verdicts == {"models/base.pt": "damaged", "config.json": "missing"}
    config.write_bytes(CONFIG)  # a plain file, as some programs leave them
    assert {c.verdict for c in shelf.verify([model])} == {"damaged", "unknown"}


def test_removing_frees_the_files_and_their_parts(shelf: Shelf, model: Artifact) -> None:
    part = shelf.cache / "models--maker--model" / "blobs" / f"abc{PART}"
    part.write_bytes(b"half")
    assert shelf.remove([model]) == len(WEIGHTS) + len(CONFIG) + 4
    assert shelf.missing([model]) == (model,)
    assert shelf.remove([model]) == 0


def test_what_another_pipeline_needs_stays(shelf: Shelf, model: Artifact) -> None:
    config = replace(model, files=("config.json",))
    assert shelf.remove([model], kept=[config]) == len(WEIGHTS)
    assert not shelf.missing([config])


def test_content_of_another_revision_stays(shelf: Shelf, model: Artifact) -> None:
    folder = shelf.cache / "models--maker--model"
    path = file_here(shelf.cache, model, "models/base.pt")
    assert path
    other = folder / "snapshots" / ("d" * 40)
    other.mkdir()
    (other / "same.pt").symlink_to(path.resolve())
    shelf.remove([model])
    assert (other / "same.pt").read_bytes() == WEIGHTS


def test_a_link_out_of_the_cache_is_cut_and_its_target_spared(
    shelf: Shelf, model: Artifact, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    path = file_here(shelf.cache, model, "models/base.pt")
    assert path
    path.unlink()
    path.symlink_to(precious)
    shelf.remove([model])
    assert precious.read_bytes() == b"mine"
    assert shelf.missing([model]) == (model,)

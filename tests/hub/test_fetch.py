"""Fetching with the real client of the hub against a stub of it on loopback."""

import fcntl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import constants, hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from scope.hub.fetch import Fetch
from scope.hub.order import PART, Finished, Moved, News, Order, Planned
from scope.hub.problems import Damaged, InUse, NoRoom
from scope.pipelines.artifacts import Artifact, require_files
from tests.hub.conftest import CONFIG, WEIGHTS
from tests.hub.stub_hub import COMMIT, StubHub

LARGE = "maker/model/models/base.pt"
WHOLE = len(WEIGHTS) + len(CONFIG)


@pytest.fixture
def order(hub: StubHub, cache: Path, model: Artifact) -> Order:
    return Order(endpoint=hub.url, cache=cache, artifacts=(model,), token=None)


def fetch(order: Order, *, free_bytes: Callable[[Path], int] = lambda folder: 2**40) -> list[News]:
    told: list[News] = []
    Fetch(order, tell=told.append, free_bytes=free_bytes).run()
    return told


def part(cache: Path, hub: StubHub) -> Path:
    return cache / "models--maker--model" / "blobs" / (hub.etag(LARGE) + PART)


def test_files_arrive_where_every_program_of_the_hub_finds_them(order: Order) -> None:
    told = fetch(order)
    found = require_files(order.cache, order.artifacts[0])
    assert found["models/base.pt"].read_bytes() == WEIGHTS
    assert found["config.json"].read_bytes() == CONFIG
    theirs = hf_hub_download(
        "maker/model", "config.json", cache_dir=order.cache, local_files_only=True
    )
    assert Path(theirs) == found["config.json"]
    assert Planned(bytes_total=WHOLE, bytes_done=0) in told
    assert told[-1] == Finished()
    moved = [news for news in told if isinstance(news, Moved)]
    assert moved[-1].bytes_done == WHOLE
    assert {news.stage for news in moved} == {"asking", "downloading", "checking"}


def test_what_is_here_is_not_fetched_again(order: Order, hub: StubHub) -> None:
    fetch(order)
    hub.requests.clear()
    told = fetch(order)
    assert Planned(bytes_total=WHOLE, bytes_done=WHOLE) in told
    assert not [request for request in hub.requests if request.method == "GET"]


def test_a_part_is_continued_where_it_ends(order: Order, hub: StubHub) -> None:
    kept = part(order.cache, hub)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(WEIGHTS[:700_000])
    told = fetch(order)
    assert Planned(bytes_total=WHOLE, bytes_done=700_000) in told
    assert hub.bodies_of("base.pt")[-1].range == "bytes=700000-"
    assert require_files(order.cache, order.artifacts[0])["models/base.pt"].read_bytes() == WEIGHTS
    assert not kept.exists()


def test_a_broken_connection_is_taken_up_again(
    order: Order, hub: StubHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 65_536)
    hub.breaks_after[LARGE] = 300_000
    fetch(order)
    continued = hub.bodies_of("base.pt")[-1].range
    assert continued == f"bytes={4 * 65_536}-"
    assert require_files(order.cache, order.artifacts[0])["models/base.pt"].read_bytes() == WEIGHTS


def test_a_damaged_file_never_counts_and_is_thrown_away(order: Order, hub: StubHub) -> None:
    hub.damages.add(LARGE)
    with pytest.raises(Damaged):
        fetch(order)
    assert not part(order.cache, hub).exists()
    hub.damages.clear()
    assert fetch(order)[-1] == Finished()


def test_a_damaged_part_is_found_out_by_its_hash(order: Order, hub: StubHub) -> None:
    kept = part(order.cache, hub)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"?" * 1000)
    with pytest.raises(Damaged):
        fetch(order)
    assert fetch(order)[-1] == Finished()


def test_a_part_that_is_too_long_is_begun_anew(order: Order, hub: StubHub) -> None:
    kept = part(order.cache, hub)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(WEIGHTS + b"more")
    assert fetch(order)[-1] == Finished()


def test_two_programs_do_not_write_one_part(order: Order, hub: StubHub) -> None:
    kept = part(order.cache, hub)
    kept.parent.mkdir(parents=True)
    with kept.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(InUse):
            fetch(order)
    assert fetch(order)[-1] == Finished()


@pytest.mark.parametrize("etag", ["../../etc", "a/b", ".."])
def test_a_name_that_leads_elsewhere_is_not_taken_from_a_hub(
    order: Order, hub: StubHub, etag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StubHub, "etag", lambda hub, key: etag)
    with pytest.raises(Damaged):
        fetch(order)
    assert not any(path.is_file() for path in order.cache.rglob("*"))


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(
    order: Order, hub: StubHub
) -> None:
    with pytest.raises(NoRoom) as caught:
        fetch(order, free_bytes=lambda folder: 1000)
    assert caught.value.free_bytes == 1000
    assert caught.value.needed_bytes >= WHOLE
    assert not hub.bodies_of("base.pt")


def test_the_token_goes_to_the_hub_and_not_to_its_storage(order: Order, hub: StubHub) -> None:
    hub.gated.add("maker/model")
    with pytest.raises(GatedRepoError):
        fetch(order)
    fetch(replace(order, token=hub.token))
    storage = [request for request in hub.requests if "/resolve/" not in request.path]
    assert storage
    assert all(request.authorization is None for request in storage)


def test_what_the_hub_does_not_have(order: Order, hub: StubHub, model: Artifact) -> None:
    for wrong, error in (
        (replace(model, repository="maker/other"), RepositoryNotFoundError),
        (replace(model, files=("gone.pt",)), RemoteEntryNotFoundError),
        (replace(model, revision="v9"), RevisionNotFoundError),
    ):
        with pytest.raises(error):
            fetch(replace(order, artifacts=(wrong,)))
    hub.private.add("maker/model")
    with pytest.raises(RepositoryNotFoundError):
        fetch(order)


def test_a_pinned_commit_is_fetched_as_such(order: Order, hub: StubHub, model: Artifact) -> None:
    pinned = replace(model, revision=COMMIT)
    fetch(replace(order, artifacts=(pinned,)))
    assert require_files(order.cache, pinned)
    assert not [request for request in hub.requests if "/main/" in request.path]

"""Every way a download fails says what to do."""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scope.hub.fetch import Fetch
from scope.hub.order import Failed, Order
from scope.hub.problems import EXPECTED, InUse, NoRoom, in_gb, in_words
from scope.pipelines.artifacts import Artifact
from tests.hub.stub_hub import StubHub


def told(hub: StubHub, cache: Path, model: Artifact, *, token: str | None = None) -> Failed:
    """What a real fetch of `model` comes to, in words."""
    order = Order(endpoint=hub.url, cache=cache, artifacts=(model,), token=token)
    fetch = Fetch(order, tell=lambda news: None)
    with pytest.raises(EXPECTED) as caught:
        fetch.run()
    return in_words(caught.value, artifact=fetch.working_on, endpoint=hub.url)


def test_terms_to_accept_name_the_page(hub: StubHub, cache: Path, model: Artifact) -> None:
    hub.gated.add("maker/model")
    failed = told(hub, cache, model)
    assert failed.code == "gated"
    assert f"{hub.url}/maker/model" in failed.detail
    assert "HF_TOKEN" in failed.detail


def test_a_private_repository_asks_for_a_token(hub: StubHub, cache: Path, model: Artifact) -> None:
    hub.private.add("maker/model")
    failed = told(hub, cache, model)
    assert failed.code == "not_found"
    assert "HF_TOKEN" in failed.detail


def test_what_is_gone_is_named(hub: StubHub, cache: Path) -> None:
    gone = Artifact("maker/model", ("gone.pt",), "weights", "MIT", 1)
    assert told(hub, cache, gone).code == "not_found"
    moved = Artifact("maker/model", ("config.json",), "weights", "MIT", 1, revision="v9")
    assert "no revision v9" in told(hub, cache, moved).detail


def test_a_hub_that_is_down_says_so(hub: StubHub, cache: Path, model: Artifact) -> None:
    hub.down = True
    failed = told(hub, cache, model)
    assert failed.code == "unreachable"
    assert "503" in failed.detail


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (NoRoom(needed_bytes=9 * 10**9, free_bytes=10**8, folder="/c"), "disk_full", "9.0 GB"),
        (InUse("a.pt"), "in_use", "Another program"),
        (OSError(errno.ENOSPC, "no space"), "disk_full", "kept"),
        (PermissionError(errno.EACCES, "no", "/c/x"), "not_writable", "/c/x"),
        (httpx2.ConnectError("refused"), "unreachable", "HF_ENDPOINT"),
        (httpx2.ReadTimeout("slow"), "unreachable", "kept"),
        (OSError("file should be of size 3 but has size 2"), "download_failed", "size 3"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_disks_and_networks_fail_in_words(error: Exception, code: str, words: str) -> None:
    failed = in_words(error, artifact=None, endpoint="http://h")
    assert failed.code == code
    assert words in failed.detail


@pytest.mark.parametrize(
    ("status", "code"), [(401, "unauthorized"), (403, "forbidden"), (429, "too_many_requests")]
)
def test_a_refusal_says_whose_it_is(
    status: int, code: str, refused: Callable[[int], Exception]
) -> None:
    artifact: Any = Artifact("a/b", ("c",), "weights", "MIT", 1)
    assert in_words(refused(status), artifact=artifact, endpoint="http://h").code == code


@pytest.fixture
def refused() -> Callable[[int], Exception]:
    from huggingface_hub.errors import HfHubHTTPError

    def make(status: int) -> Exception:
        request = httpx2.Request("GET", "http://h/a")
        return HfHubHTTPError("no", response=httpx2.Response(status, request=request))

    return make


def test_sizes_are_said_in_the_unit_that_fits() -> None:
    assert (in_gb(3_400_000), in_gb(3_400_000_000)) == ("3 MB", "3.4 GB")

"""A download seen from the event loop."""

import asyncio
from pathlib import Path

import pytest

from scope.hub.download import Download
from scope.hub.order import PART, Order
from scope.hub.progress import Progress
from scope.pipelines.artifacts import Artifact, missing_files
from tests.hub.stub_hub import StubHub

pytestmark = pytest.mark.anyio
LARGE = "maker/model/models/base.pt"


@pytest.fixture
def order(hub: StubHub, cache: Path, model: Artifact) -> Order:
    return Order(endpoint=hub.url, cache=cache, artifacts=(model,))


async def test_it_runs_to_the_end(order: Order) -> None:
    heard: list[Progress] = []
    last = await Download(order, heard=heard.append).run()
    assert (last.running, last.error, last.fraction) == (False, None, 1.0)
    assert heard[0].stage == "asking"
    assert not missing_files(order.cache, order.artifacts[0])


async def test_cancelled_it_keeps_its_part_and_the_next_one_continues(
    order: Order, hub: StubHub
) -> None:
    content = hub.files[LARGE] * 4
    hub.files[LARGE] = content
    hub.pause_after[LARGE] = 3 * 2**20
    download = Download(order)
    running = asyncio.create_task(download.run())
    assert await asyncio.to_thread(hub.paused.wait, 20)
    part = order.cache / "models--maker--model" / "blobs" / (hub.etag(LARGE) + PART)
    while part.stat().st_size < 2 * 2**20:  # written by another process
        await asyncio.wait([running], timeout=0.01)
    download.cancel()
    stopped = await asyncio.wait_for(running, 5)
    assert stopped.error is not None
    assert stopped.error.code == "cancelled"
    hub.go_on.set()
    hub.requests.clear()
    assert (await Download(order).run()).error is None
    continued = hub.bodies_of("base.pt")[0].range
    assert continued is not None
    assert int(continued.removeprefix("bytes=").rstrip("-")) >= 2 * 2**20


async def test_a_failure_comes_in_words(order: Order, hub: StubHub) -> None:
    hub.gated.add("maker/model")
    last = await Download(order).run()
    assert last.error is not None
    assert last.error.code == "gated"


async def test_a_crash_of_its_process_is_told_with_its_last_words(
    order: Order, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho it all went wrong >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(broken))
    last = await Download(order).run()
    assert last.error is not None
    assert "it all went wrong" in last.error.detail

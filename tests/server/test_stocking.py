"""A load whose files are not here yet."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scope.hub.download import Download
from scope.pipelines.registry import PipelineRef
from tests.hub.stub_hub import StubHub, stub_hub
from tests.server.conftest import TESTCARD, Live, live_server, settings_for_tests
from tests.server.stocked_pipeline import MODEL

pytestmark = pytest.mark.anyio
STOCKED = PipelineRef(f"{Path(__file__).with_name('stocked_pipeline.py')}:Stocked", "stocked")
LARGE = "maker/model/models/base.pt"
SMALL = {"width": 512, "height": 128}


@pytest.fixture
def hub() -> Any:
    files = {LARGE: b"weights" * 300_000, "maker/model/config.json": b"{}"}
    with stub_hub(files=files, large={LARGE}) as running:
        yield running


@pytest.fixture
async def stocked(
    hub: StubHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Any]]:
    """Starts a server that knows a pipeline with files, and this hub."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> Live:
            settings = settings_for_tests(hf_endpoint=hub.url, **changes)
            running = live_server(settings, pipelines=(TESTCARD, STOCKED))
            return await stack.enter_async_context(running)

        yield start


async def load(live: Live, **body: Any) -> Any:
    return await live.http.post(
        "/api/v1/pipeline/load", json={"pipeline_ids": ["stocked"], "load_params": SMALL, **body}
    )


async def status(live: Live) -> dict[str, Any]:
    return dict((await live.http.get("/api/v1/pipeline/status")).json())


async def settled(live: Live) -> dict[str, Any]:
    await live.services.desk._stocking.settled()
    await live.engine.settled()
    return await status(live)


async def test_it_fetches_them_and_says_how_far_it_is_then_loads(
    stocked: Callable[..., Any], hub: StubHub
) -> None:
    live = await stocked()
    hub.pause_after[LARGE] = 1_200_000
    assert (await load(live)).status_code == 200
    waiting = await status(live)
    assert (waiting["status"], waiting["pipeline_id"]) == ("loading", "stocked")
    await asyncio.to_thread(hub.paused.wait, 20)
    while not str((await status(live))["loading_stage"]).startswith("Downloading"):
        await asyncio.to_thread(hub.go_on.wait, 0.02)
    assert (await live.http.get("/health/ready")).status_code == 200  # the card still plays
    hub.go_on.set()
    loaded = await settled(live)
    assert (loaded["status"], loaded["pipeline_id"]) == ("loaded", "stocked")


async def test_the_pipeline_of_the_start_is_fetched_too(stocked: Callable[..., Any]) -> None:
    live = await stocked(pipeline="stocked", load_params=SMALL)
    assert (await settled(live))["status"] == "loaded"


async def test_a_load_that_would_be_refused_fetches_nothing(
    stocked: Callable[..., Any], hub: StubHub
) -> None:
    live = await stocked()
    answer = await load(live, load_params={"width": "wide"})
    assert (answer.status_code, answer.json()["field"]) == (422, "width")
    assert not hub.requests


async def test_what_goes_wrong_stays_readable_until_the_next_load(
    stocked: Callable[..., Any], hub: StubHub
) -> None:
    live = await stocked()
    hub.gated.add("maker/model")
    await load(live)
    failed = await settled(live)
    assert failed["status"] == "error"
    assert "HF_TOKEN" in failed["error"]
    assert failed["code"] == "gated"
    hub.gated.clear()
    await load(live)
    assert (await settled(live))["status"] == "loaded"


async def test_a_disk_that_fails_while_a_load_waits_is_told(
    stocked: Callable[..., Any], hub: StubHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await stocked()
    hub.pause_after[LARGE] = 100_000
    await load(live)
    await asyncio.to_thread(hub.paused.wait, 20)

    def fail(*_: Any) -> Any:
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as disk:
        disk.setattr(live.services.library.shelf, "missing", fail)
        hub.go_on.set()
        failed = await settled(live)
    assert (failed["status"], failed["code"]) == ("error", "load_failed")
    assert "Stale file handle" in failed["error"]
    await load(live)
    assert (await settled(live))["status"] == "loaded"


async def test_a_download_that_breaks_in_its_own_way_is_told(
    stocked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise ValueError("a line\nis too long")

    monkeypatch.setattr(Download, "_listen", fail)
    live = await stocked()
    await load(live)
    failed = await settled(live)
    assert (failed["status"], failed["code"]) == ("error", "load_failed")
    assert "ValueError: a line is too long." in failed["error"]


async def test_a_newer_load_takes_its_place_and_the_download_goes_on(
    stocked: Callable[..., Any], hub: StubHub
) -> None:
    live = await stocked()
    hub.pause_after[LARGE] = 100_000
    await load(live)
    await asyncio.to_thread(hub.paused.wait, 20)
    await load(live, pipeline_ids=["testcard"])
    loaded = await settled(live)
    assert (loaded["status"], loaded["pipeline_id"]) == ("loaded", "testcard")
    hub.go_on.set()
    assert (await live.services.library.join()).error is None
    assert (await status(live))["pipeline_id"] == "testcard"


@pytest.mark.parametrize("changes", [{"download_models": False}, {"hf_offline": True}], ids=str)
async def test_where_nothing_may_be_fetched_the_load_says_what_to_do(
    stocked: Callable[..., Any], hub: StubHub, changes: dict[str, Any]
) -> None:
    live = await stocked(**changes)
    answer = await load(live)
    assert (answer.status_code, answer.json()["code"]) == (409, "model_files_missing")
    assert "maker/model" in answer.json()["detail"]
    assert not hub.requests


async def test_a_download_for_other_parameters_is_waited_for_and_completed(
    stocked: Callable[..., Any], hub: StubHub
) -> None:
    live = await stocked()
    hub.pause_after[LARGE] = 100_000
    part = replace(MODEL, files=("models/base.pt",))
    live.services.library.begin("stocked", (part,))
    await asyncio.to_thread(hub.paused.wait, 20)
    await load(live)
    hub.go_on.set()
    assert (await settled(live))["status"] == "loaded"

"""Model files over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from scope.pipelines.registry import PipelineRef
from tests.hub.stub_hub import StubHub, stub_hub
from tests.server.conftest import TESTCARD, Live, live_server, settings_for_tests

pytestmark = pytest.mark.anyio
FILE = Path(__file__).parent.parent / "stocked_pipeline.py"
LARGE = "maker/model/models/base.pt"
SIZE = 7 * 300_000


@pytest.fixture
def hub() -> Iterator[StubHub]:
    files = {LARGE: b"weights" * 300_000, "maker/model/config.json": b"{}"}
    with stub_hub(files=files, large={LARGE}) as running:
        yield running


@pytest.fixture
async def live(
    hub: StubHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Live]:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    pipelines = (TESTCARD, PipelineRef(f"{FILE}:Stocked", "stocked"))
    async with live_server(settings_for_tests(hf_endpoint=hub.url), pipelines=pipelines) as live:
        yield live


async def status(live: Live, pipeline_id: str = "stocked") -> Any:
    answer = await live.http.get("/api/v1/models/status", params={"pipeline_id": pipeline_id})
    assert answer.status_code == 200
    return answer.json()


async def download(live: Live, pipeline_id: str = "stocked") -> Any:
    return await live.http.post("/api/v1/models/download", json={"pipeline_id": pipeline_id})


async def test_what_is_missing_is_listed_with_size_and_licence(live: Live) -> None:
    told = await status(live)
    assert (told["downloaded"], told["progress"]) == (False, None)
    (artifact,) = told["artifacts"]
    assert (artifact["repository"], artifact["licence"]) == ("maker/model", "Apache-2.0")
    assert (artifact["about_bytes"], artifact["bytes_here"]) == (2**20, 0)


async def test_a_download_is_followed_to_its_end(live: Live, hub: StubHub) -> None:
    hub.pause_after[LARGE] = 1_200_000
    assert (await download(live)).status_code == 200
    await asyncio.to_thread(hub.paused.wait, 20)
    running = (await status(live))["progress"]
    assert running["is_downloading"]
    assert running["bytes_total"] == SIZE + 2
    assert running["current_artifact"] == "models/base.pt"
    again = await download(live)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    hub.go_on.set()
    await live.services.library.join()
    done = await status(live)
    assert done["downloaded"]
    assert done["progress"]["percentage"] == 100.0
    assert not done["progress"]["is_downloading"]
    assert (await download(live)).status_code == 200  # nothing left to do


async def test_it_can_be_stopped_and_continued(live: Live, hub: StubHub) -> None:
    assert (await live.http.post("/api/v1/models/cancel")).status_code == 409
    hub.pause_after[LARGE] = 100_000
    await download(live)
    await asyncio.to_thread(hub.paused.wait, 20)
    assert (await live.http.post("/api/v1/models/cancel")).status_code == 200
    await live.services.library.join()
    stopped = (await status(live))["progress"]
    assert (stopped["is_downloading"], stopped["code"]) == (False, "cancelled")
    hub.go_on.set()
    await download(live)
    assert (await live.services.library.join()).error is None


async def test_why_it_failed_is_told_in_words(live: Live, hub: StubHub) -> None:
    hub.gated.add("maker/model")
    await download(live)
    await live.services.library.join()
    failed = (await status(live))["progress"]
    assert failed["code"] == "gated"
    assert "maker/model" in failed["error"]


async def test_a_pipeline_without_files_has_everything(live: Live) -> None:
    told = await status(live, "testcard")
    assert (told["downloaded"], told["artifacts"]) == (True, [])


async def test_an_unknown_pipeline_is_told(live: Live) -> None:
    for answer in (
        await live.http.get("/api/v1/models/status", params={"pipeline_id": "nope"}),
        await download(live, "nope"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_pipeline")
    assert (await live.http.get("/api/v1/models/status")).status_code == 422

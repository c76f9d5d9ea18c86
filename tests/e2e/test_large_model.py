"""A published model from nothing: the server fetches its files, loads them and streams.

The hub is a stub on loopback, the checkpoint tiny and random, but in the published layout.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import torch

from scope.client.api import Client
from scope.pipelines.artifacts import needed
from scope.pipelines.published import artifacts_of
from scope.pipelines.registry import PipelineRef
from tests.hub.stub_hub import StubHub, stub_hub
from tests.pipelines.wan.hub_cache import file_of, transformer, write_shared, write_weights
from tests.server.conftest import live_server, new_client, settings_for_tests

LONGLIVE = PipelineRef("scope.pipelines.wan.models:LongLive", "longlive")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny models like it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubHub]:
    """A hub that has LongLive, and a cache that has nothing."""
    source = tmp_path / "source"
    write_shared(source)
    write_weights(source, "longlive", transformer())
    artifacts = needed(artifacts_of("longlive"), {"vae_type": "wan"})
    files = {
        f"{artifact.repository}/{name}": file_of(source, artifact, name).read_bytes()
        for artifact in artifacts
        for name in artifact.files
    }
    large = {name for name in files if not name.endswith(".json")}
    with stub_hub(files=files, large=large) as running:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        yield running


@pytest.mark.anyio
async def test_it_is_fetched_loaded_and_played(hub: StubHub) -> None:
    settings = settings_for_tests(
        pipeline="longlive", load_params={"height": 32, "width": 48}, hf_endpoint=hub.url
    )
    async with (
        live_server(settings, pipelines=(LONGLIVE,)) as live,
        Client(str(live.http.base_url)) as client,
    ):
        await live.services.desk.started(at_most_s=60)
        assert hub.bodies_of("longlive_base.pt")
        assert hub.bodies_of("lora.pt")
        assert not hub.bodies_of("taew2_1.safetensors")
        assert (await client.status()).status == "loaded"
        assert (await client.model("longlive")).downloaded
        async with client.stream("a calm sea", seed=1) as stream:
            assert stream.hello is not None
            assert (stream.hello.width, stream.hello.height) == (48, 32)
            async for picture in stream.frames():
                assert picture.pixels.shape == (32, 48, 3)
                break
            assert (await stream.prompt("neon rain", steps=1)).chunk > 0


LIMIT_S = 300.0
BASE = "Efficient-Large-Model/LongLive-1.3B/models/longlive_base.pt"


async def told(http: httpx2.AsyncClient, done: Callable[[Any], bool]) -> list[str]:
    """The stages a load goes through until its status is as wanted."""
    stages: dict[str, None] = {}
    deadline_s = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline_s:
        status = (await http.get("/api/v1/pipeline/status")).json()
        assert status["status"] != "error", status["error"]
        if status["loading_stage"]:
            stages[status["loading_stage"]] = None
        if done(status):
            return list(stages)
        await asyncio.sleep(0.02)
    pytest.fail(f"the load did not get there, it went through {list(stages)}")


def on_its_way(stage: str | None) -> bool:
    """Downloading, or checking the file that was fetched last."""
    return (stage or "").startswith(("Downloading", "Checking"))


@pytest.mark.timeout(2 * LIMIT_S)
@pytest.mark.anyio
async def test_the_command_fetches_loads_and_plays_in_processes_of_its_own(
    hub: StubHub, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any]
) -> None:
    """`daydream-scope --pipeline longlive` from an empty disk to a viewer who leaves."""
    for name, value in (("HF_ENDPOINT", hub.url), ("OMP_NUM_THREADS", "1")):
        monkeypatch.setenv(name, value)
    hub.pause_after[BASE] = 10_000
    sizes = ("--load-param", "height=32", "--load-param", "width=48")
    server = serve(*sizes, pipeline="longlive", wait=False)
    await asyncio.to_thread(hub.paused.wait, LIMIT_S)
    async with httpx2.AsyncClient(base_url=server.base, timeout=30, trust_env=False) as http:
        fetching = await told(http, lambda status: on_its_way(status["loading_stage"]))
        ready = await http.get("/health/ready")
        assert (ready.status_code, ready.json()["reason"]) == (503, "loading")
        hub.go_on.set()
        stages = fetching + await told(http, lambda status: status["status"] == "loaded")
        assert any(stage.startswith("Downloading") for stage in stages), stages
        assert "starting libraries" in stages, stages
        client = new_client()
        try:
            await client.start(http, prompts=[{"text": "a calm sea"}], seed=1)
            hello = await client.notice("hello", within_s=LIMIT_S)
            assert (hello["pipeline_id"], hello["width"], hello["height"]) == ("longlive", 48, 32)
            await client.until(lambda: len(client.frames) >= 12, within_s=LIMIT_S)
            assert {(frame.width, frame.height) for frame in client.frames} == {(48, 32)}
            client.say(prompts=[{"text": "neon rain"}], _id="rain")
            applied = await client.notice("applied", within_s=LIMIT_S, _id="rain")
            assert applied["first_frame"] >= 9
            gone = await http.delete(f"/api/v1/webrtc/offer/{client.session_id}")
            assert gone.status_code == 204
            assert "error_message" not in await client.notice("stream_stopped", within_s=30)
        finally:
            await client.close()
    server.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(server.process.wait, 60) == 0, server.log_text()

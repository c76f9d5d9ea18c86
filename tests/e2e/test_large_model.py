"""A published model from nothing: the command fetches its files, loads them and streams.

The hub is a stub on loopback, the checkpoint tiny and random, but in the published layout.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scope.client.api import Client
from scope.pipelines.artifacts import needed
from scope.pipelines.published import artifacts_of
from tests.hub.stub_hub import StubHub, stub_hub
from tests.pipelines.wan.hub_cache import file_of, transformer, write_shared, write_weights

PIPELINE = "scope.pipelines.wan.models:LongLive"
SIZE = ("--load-param", "height=32", "--load-param", "width=48")


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
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        yield running


def test_it_is_fetched_loaded_and_played(hub: StubHub, serve: Any) -> None:
    import threading, time, httpx2, sys
    def look():
        import re
        for _ in range(30):
            time.sleep(1.3)
            try:
                import glob, os
                p = glob.glob("/tmp/pytest-of-root/pytest-*/test_it_is_fetched*/server-*.log")[-1]
                port = re.findall("server-(.*).log", max(glob.glob("/tmp/pytest-of-root/pytest-*/test_it_is_fetched*/server-*.log"), key=os.path.getmtime))[0]
                print(httpx2.get(f"http://localhost:{port}/api/v1/pipeline/status").text, file=sys.__stderr__)
            except Exception as e: print(e, file=sys.__stderr__)
    threading.Thread(target=look, daemon=True).start()
    server = serve(*SIZE, pipeline=PIPELINE)
    assert hub.bodies_of("longlive_base.pt")
    assert hub.bodies_of("lora.pt")

    async def play() -> None:
        async with Client(server.base) as client:
            assert (await client.status()).pipeline_id == "longlive"
            assert (await client.model("longlive")).downloaded
            async with client.stream("a calm sea", seed=1) as stream:
                assert stream.hello is not None
                assert (stream.hello.width, stream.hello.height) == (48, 32)
                async for picture in stream.frames():
                    assert picture.pixels.shape == (32, 48, 3)
                    break
                assert (await stream.prompt("neon rain", steps=1)).chunk > 0

    asyncio.run(asyncio.wait_for(play(), 60))

"""A published model from nothing: the server fetches its files, loads them and streams.

The hub is a stub on loopback, the checkpoint tiny and random, but in the published layout.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from scope.client.api import Client
from scope.pipelines.artifacts import needed
from scope.pipelines.published import artifacts_of
from scope.pipelines.registry import PipelineRef
from tests.hub.stub_hub import StubHub, stub_hub
from tests.pipelines.wan.hub_cache import file_of, transformer, write_shared, write_weights
from tests.server.conftest import live_server, settings_for_tests

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

"""One server's model files: what a pipeline needs, one download, who may begin it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from scope.errors import ModelFilesMissing, StateError
from scope.hub.library import Library, announced, defaults_of, how_to_fetch
from scope.pipelines.artifacts import Artifact
from scope.pipelines.contract import PipelineSpec
from scope.settings import HubSettings
from tests.hub.stub_hub import StubHub

pytestmark = pytest.mark.anyio
LARGE = "maker/model/models/base.pt"


def spec(name: str = "mine", *artifacts: Artifact, **more: Any) -> PipelineSpec:
    values: dict[str, Any] = {"params_schema": {}, "load_schema": {}, **more}
    return PipelineSpec(
        id=name, title=name.title(), description="", version="1", artifacts=artifacts, **values
    )


@pytest.fixture
async def library(hub: StubHub, cache: Path) -> AsyncIterator[Library]:
    made = Library(HubSettings(hf_endpoint=hub.url, hf_hub_cache=cache))
    yield made
    await made.aclose()


def test_a_pipeline_that_can_not_be_imported_is_known_by_name() -> None:
    assert announced(spec("longlive"))[0].repository == "Efficient-Large-Model/LongLive-1.3B"
    assert announced(spec("vista")) == ()


def test_a_load_without_parameters_counts_with_the_defaults() -> None:
    fields = {"properties": {"vae_type": {"default": "tae"}, "width": {}}}
    assert defaults_of(spec(load_schema=fields)) == {"vae_type": "tae"}
    assert defaults_of(spec()) == {"vae_type": "wan"}


async def test_only_what_the_load_uses_is_stocked(library: Library, model: Artifact) -> None:
    tiny = Artifact("maker/tiny", ("t",), "decoder", "MIT", 1, only_for=("vae_type", ("tae",)))
    mine = spec("mine", model, tiny)
    assert (await library.stock(mine)).missing == (model,)
    assert (await library.stock(mine, {"vae_type": "tae"})).missing == (model, tiny)


async def test_a_download_brings_what_is_missing(library: Library, model: Artifact) -> None:
    mine = spec("mine", model)
    library.begin("mine", (await library.stock(mine)).missing)
    assert library.running == "mine"
    with pytest.raises(StateError, match="mine"):
        library.begin("other", (model,))
    assert (await library.join()).error is None
    assert library.running is None
    progress = library.progress("mine")
    assert progress is not None
    assert progress.fraction == 1.0
    assert library.progress("other") is None
    assert not (await library.stock(mine)).missing


async def test_it_can_be_stopped(library: Library, hub: StubHub, model: Artifact) -> None:
    assert not library.cancel()
    hub.pause_after[LARGE] = 1000
    library.begin("mine", (model,))
    await asyncio.to_thread(hub.paused.wait, 20)
    assert library.cancel()
    ended = await library.join()
    assert ended.error is not None
    assert ended.error.code == "cancelled"


def test_offline_nothing_is_fetched(cache: Path, model: Artifact) -> None:
    library = Library(HubSettings(hf_hub_cache=cache, hf_offline=True))
    with pytest.raises(ModelFilesMissing, match="HF_HUB_OFFLINE"):
        library.require_reachable(spec(), (model,))


def test_what_is_missing_comes_with_the_command(model: Artifact) -> None:
    words = how_to_fetch(spec("mine", model), (model,))
    assert "daydream-scope models download mine" in words
    assert "maker/model" in words

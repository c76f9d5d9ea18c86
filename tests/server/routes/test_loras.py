"""Adapters over HTTP: which there are, which are loaded, what is refused."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from scope.pipelines.registry import PipelineRef
from tests.pipelines.wan.hub_cache import adapter, transformer, write_shared, write_weights
from tests.server.conftest import TESTCARD, Client, Live, live_server, settings_for_tests

pytestmark = pytest.mark.anyio
LONGLIVE = PipelineRef("scope.pipelines.wan.models:LongLive", "longlive")
SMALL = {"height": 32, "width": 32, "vae_type": "tae"}
INK, OIL = "ink.safetensors", "styles/oil.safetensors"


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model, three adapters, and something secret beside them."""
    disk = tmp_path_factory.mktemp("disk")
    write_shared(disk / "hub")
    write_weights(disk / "hub", "longlive", transformer())
    (disk / "loras" / "styles").mkdir(parents=True)
    save_file(adapter(transformer(), seed=0), disk / "loras" / INK)
    save_file(adapter(transformer(), seed=1), disk / "loras" / OIL)
    wide = {"diffusion_model.blocks.0.ffn.0.diff_b": torch.zeros(97)}
    save_file(wide, disk / "loras" / "wide.safetensors")
    save_file(adapter(transformer(), seed=2), disk / "secret.safetensors")
    return disk


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny models like it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
async def live(disk: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Live]:
    monkeypatch.setenv("HF_HUB_CACHE", str(disk / "hub"))
    monkeypatch.setenv("SCOPE_LORAS_FOLDER", str(disk / "loras"))
    async with live_server(settings_for_tests(), pipelines=(TESTCARD, LONGLIVE)) as running:
        yield running


async def load(live: Live, *loras: dict[str, Any], **params: Any) -> Any:
    body = {"pipeline_ids": ["longlive"], "load_params": {**SMALL, **params, "loras": loras}}
    return await live.http.post("/api/v1/pipeline/load", json=body)


async def status(live: Live) -> Any:
    await live.engine.settled()
    return (await live.http.get("/api/v1/pipeline/status")).json()


@pytest.mark.parametrize("path", ["/api/v1/lora/list", "/api/v1/loras"])
async def test_the_folder_is_listed_with_the_paths_a_load_takes(live: Live, path: str) -> None:
    listed = (await live.http.get(path)).json()["lora_files"]
    assert [each["path"] for each in listed] == [INK, OIL, "wide.safetensors"]
    assert [each["name"] for each in listed] == ["ink", "oil", "wide"]
    assert [each["folder"] for each in listed] == [None, "styles", None]
    assert all(each["size_mb"] >= 0 for each in listed)


@pytest.mark.parametrize(
    ("loras", "field", "told"),
    [
        ([{"path": "none.safetensors"}], "loras.0.path", "there is no adapter"),
        ([{"path": INK}, {"path": "../secret.safetensors"}], "loras.1.path", "outside"),
        ([{"path": "/etc/passwd"}], "loras.0.path", "outside"),
        ([{"path": INK}, {"path": f"styles/../{INK}"}], "loras.1.path", "named twice"),
        ([{"path": INK, "scale": 11}], "loras.0.scale", "less than or equal to 10"),
        ([{"path": INK, "merge_mode": "maybe"}], "loras.0.merge_mode", "permanent_merge"),
        ([{"scale": 1}], "loras.0.path", "required"),
    ],
)
async def test_a_load_that_can_not_be_had_is_refused_with_its_field(
    live: Live, loras: list[dict[str, Any]], field: str, told: str
) -> None:
    answer = await load(live, *loras)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert told in answer.json()["detail"]
    assert (await status(live))["pipeline_id"] == "testcard"


async def test_one_that_does_not_fit_the_model_is_told_in_the_status(live: Live) -> None:
    assert (await load(live, {"path": INK}, {"path": "wide.safetensors"})).status_code == 200
    told = await status(live)
    assert (told["status"], told["code"]) == ("error", "load_failed")
    assert told["error"].startswith("loras.1.path: wide.safetensors: the LoRA changes")
    assert told["loaded_lora_adapters"] == []


async def test_scales_change_in_one_stream_of_what_stays_apart(live: Live, client: Client) -> None:
    asked = ({"path": INK}, {"path": OIL, "scale": 0.5, "merge_mode": "runtime_peft"})
    assert (await load(live, *asked)).status_code == 200
    assert (await status(live))["loaded_lora_adapters"] == [
        {"path": INK, "scale": 1.0, "merge_mode": "permanent_merge"},
        {"path": OIL, "scale": 0.5, "merge_mode": "runtime_peft"},
    ]
    schemas = (await live.http.get("/api/v1/pipelines/schemas")).json()["pipelines"]
    assert schemas["longlive"]["supports_lora"]
    assert not schemas["testcard"]["supports_lora"]
    steps = {"denoising_step_list": [1000, 500]}
    await client.start(live.http, lora_scales=[{"path": OIL, "scale": 2}], **steps)
    await client.notice("hello")
    client.say(lora_scales=[{"path": OIL, "scale": -1, "note": "x"}], _id="slide")
    applied = await client.notice("applied", _id="slide")
    assert applied["chunk"] > 0
    client.say(lora_scales=[{"path": INK, "scale": 1}], _id="merged")
    error = await client.notice("error", _id="merged")
    assert (error["severity"], error["field"]) == ("error", "lora_scales.0.path")
    assert "merged into the weights" in error["detail"]
    client.say(lora_scales=[{"path": "none.safetensors", "scale": 1}], _id="unknown")
    error = await client.notice("error", _id="unknown")
    assert (error["code"], error["field"]) == ("invalid_parameters", "lora_scales.0.path")
    assert "is not loaded; those whose scale can change: styles/oil" in error["detail"]
    wrong = {"lora_scales": [{"path": INK, "scale": 1}]}
    refused = await live.http.post("/api/v1/session/parameters", json=wrong)
    assert (refused.status_code, refused.json()["field"]) == (422, "lora_scales.0.path")


async def test_an_offer_with_scales_of_what_is_not_loaded_is_refused(
    live: Live, client: Client
) -> None:
    assert (await load(live, {"path": INK})).status_code == 200
    await live.engine.settled()
    body = {
        "sdp": await client.offer_sdp(),
        "type": "offer",
        "initialParameters": {"lora_scales": [{"path": OIL, "scale": 1}]},
    }
    answer = await live.http.post("/api/v1/webrtc/offer", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, "lora_scales.0.path")

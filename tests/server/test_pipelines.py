"""Loading by the names clients use."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scope.engine.api import LoadRequest
from scope.errors import (
    InvalidParameters,
    ModelFilesMissing,
    RequestError,
    UnknownPipeline,
    WorkerLost,
)
from scope.events import EngineStatus, ErrorInfo
from scope.hub.library import Library
from scope.pipelines.contract import PipelineSpec
from scope.protocol.pipeline import PipelineNode
from scope.server.pipelines import PipelineDesk
from scope.server.stocking import Stocking
from scope.settings import HubSettings

pytestmark = pytest.mark.anyio


def spec(name: str, **more: Any) -> PipelineSpec:
    values: dict[str, Any] = {
        "title": name.title(),
        "description": "",
        "version": "1",
        "params_schema": {"properties": {"manage_cache": {"default": True}}},
        "load_schema": {"properties": {"width": {}, "seed": {}}},
    }
    return PipelineSpec(id=name, **{**values, **more})


class FakeEngine:
    """An engine that loads at once, or fails as told."""

    def __init__(self, *, extra: str | None = None, fails: bool = False) -> None:
        self.specs = {name: spec(name) for name in ("testcard", "vista")}
        if extra:
            self.specs[extra] = spec(extra, unavailable="needs torch")
        self.fails = fails
        self.now = EngineStatus()
        self.loads: list[LoadRequest] = []
        self.most_wide = 1024

    async def start(self) -> None:
        if self.fails:
            raise WorkerLost("did not come up")

    def catalog(self) -> dict[str, PipelineSpec]:
        return self.specs

    def status(self) -> EngineStatus:
        return self.now

    async def check(self, request: LoadRequest) -> None:
        if self.most_wide < (request.params.get("width") or 0):
            raise InvalidParameters("width: is too much", field="width")

    async def load(self, request: LoadRequest) -> None:
        if request.pipeline_id not in self.specs:
            raise UnknownPipeline(f"no {request.pipeline_id}")
        self.loads.append(request)
        self.now = EngineStatus(state="loaded", pipeline_id=request.pipeline_id)

    async def settled(self) -> EngineStatus:
        return self.now

    async def unload(self) -> None:
        self.now = EngineStatus()


def desk(engine: FakeEngine, **aliases: str) -> PipelineDesk:
    library = Library(HubSettings(hf_hub_cache=Path("/nowhere")))
    stocking = Stocking(library, fetches=False)
    return PipelineDesk(engine, aliases=aliases, stocking=stocking)


async def test_the_start_up_pipeline_is_loaded_with_its_parameters() -> None:
    engine = FakeEngine()
    started = desk(engine)
    assert started.status().status == "loading"
    assert started.unreadiness() == "loading"
    await started.start("testcard", {"width": 512})
    assert engine.loads == [LoadRequest("testcard", {"width": 512})]
    assert started.status().status == "loaded"
    assert started.unreadiness() is None


async def test_without_one_nothing_is_loaded() -> None:
    started = desk(FakeEngine())
    await started.start(None, {})
    assert started.status().status == "not_loaded"
    assert started.unreadiness() == "not_loaded"


@pytest.mark.parametrize("engine", [FakeEngine(fails=True), FakeEngine()], ids=["worker", "name"])
async def test_a_failed_start_stays_readable(engine: FakeEngine) -> None:
    started = desk(engine)
    await started.start("nonsense", {})
    assert started.status().status == "error"
    assert started.status().error


async def test_a_later_load_forgets_the_failure() -> None:
    started = desk(FakeEngine())
    await started.start("nonsense", {})
    await started.load([PipelineNode(pipeline_id="vista")])
    assert started.status().status == "loaded"
    await started.unload()
    assert started.status().status == "not_loaded"


async def test_a_file_is_loaded_under_the_id_its_class_announces() -> None:
    engine = FakeEngine(extra="my-plasma")
    await desk(engine).start("./plasma.py:Plasma", {})
    assert engine.loads == [LoadRequest("my-plasma", {})]


async def test_an_alias_is_told_back_and_drops_what_only_the_other_model_knows() -> None:
    engine = FakeEngine()
    aliased = desk(engine, longlive="vista")
    await aliased.start(None, {})
    params = {"width": 480, "quantization": "fp8", "base_seed": 3}
    await aliased.load([PipelineNode(pipeline_id="longlive", load_params=params)])
    assert engine.loads == [LoadRequest("vista", {"width": 480, "base_seed": 3})]
    assert aliased.status().pipeline_id == "longlive"
    await aliased.load([PipelineNode(pipeline_id="vista", load_params={"quantization": 1})])
    assert engine.loads[-1].params == {"quantization": 1}
    assert aliased.status().pipeline_id == "vista"


async def test_an_alias_drops_what_the_target_does_not_take_and_no_more() -> None:
    engine = FakeEngine()
    engine.most_wide = 320
    aliased = desk(engine, longlive="vista")
    await aliased.start(None, {})
    params = {"width": 576, "seed": 42}
    await aliased.load([PipelineNode(pipeline_id="longlive", load_params=params)])
    assert engine.loads == [LoadRequest("vista", {"seed": 42})]
    engine.most_wide = -1  # refuses what was not even said
    with pytest.raises(InvalidParameters):
        await aliased.load([PipelineNode(pipeline_id="longlive", load_params={"seed": 1})])


async def test_one_pipeline_at_a_time() -> None:
    started = desk(FakeEngine())
    await started.start(None, {})
    with pytest.raises(RequestError):
        await started.load([])
    with pytest.raises(InvalidParameters):
        await started.load([PipelineNode(pipeline_id="vista")] * 2)


async def test_waiting_for_the_start_has_an_end() -> None:
    await desk(FakeEngine()).started(at_most_s=0.001)


async def test_the_schemas_say_what_each_pipeline_can() -> None:
    started = desk(FakeEngine(extra="wan"))
    await started.start(None, {})
    schemas = await started.schemas()
    assert list(schemas) == ["testcard", "vista", "wan"]
    assert schemas["wan"].unavailable == "needs torch"
    assert schemas["vista"].supports_cache_management
    assert schemas["vista"].mode_defaults == {"text": {"manage_cache": True}}


async def test_every_field_says_how_to_show_it() -> None:
    engine = FakeEngine()
    own = {"gain": {"ui": {"label": "Power", "order": 1, "unit": "dB"}}}
    others = {
        "kv_cache_attention_bias": {},
        "denoising_step_list": {"title": "Denoising Step List"},
    }
    schema = {"properties": {**others, **own}}
    engine.specs["wan"] = spec("wan", params_schema=schema)
    started = desk(engine)
    await started.start(None, {})
    fields = (await started.schemas())["wan"].config_schema["properties"]
    assert fields["gain"]["ui"] == {"label": "Power", "order": 1, "unit": "dB"}
    hints = [fields[name]["ui"] for name in others]
    assert [hint["label"] for hint in hints] == ["KV cache attention bias", "Steps"]
    assert 1 < hints[0]["order"] < hints[1]["order"]
    assert (await started.schemas())["vista"].load_schema["properties"]["width"]["ui"]["label"]


async def test_a_dead_worker_is_not_ready() -> None:
    engine = FakeEngine()
    started = desk(engine)
    await started.start("vista", {})
    engine.now = EngineStatus(state="loaded", pipeline_id="vista", worker_up=False)
    assert started.unreadiness() == "worker_down"


async def test_an_error_of_the_engine_is_told_until_the_next_load() -> None:
    engine = FakeEngine()
    started = desk(engine)
    await started.start("vista", {})
    engine.now = EngineStatus(state="error", error=ErrorInfo("out_of_memory", "needs 20 GB"))
    assert started.status().error == "needs 20 GB"
    await asyncio.sleep(0)
    assert started.status().status == "error"


async def test_a_pipeline_is_found_by_its_alias_or_the_known_ones_are_named() -> None:
    started = desk(FakeEngine(), longlive="vista")
    await started.start(None, {})
    assert (await started.spec("longlive")).id == "vista"
    with pytest.raises(UnknownPipeline, match="testcard, vista"):
        await started.spec("nope")


async def test_a_pipeline_without_its_files_is_refused_where_nothing_may_be_fetched() -> None:
    engine = FakeEngine()
    engine.specs["longlive"] = spec("longlive")
    started = desk(engine)
    await started.start(None, {})
    with pytest.raises(ModelFilesMissing, match="daydream-scope models download longlive"):
        await started.load([PipelineNode(pipeline_id="longlive")])
    assert not engine.loads
    engine.specs["longlive"] = spec("longlive", unavailable="needs torch")
    await started.load([PipelineNode(pipeline_id="longlive")])
    assert engine.loads

"""Loading by the names clients use: aliases, both forms of a request, the start-up pipeline.

Decides which pipeline a name means and how long an offer waits for the one loaded at start.
What loading is belongs to the engine.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog

from scope.engine.api import Engine, LoadRequest
from scope.errors import InvalidParameters, RequestError, ScopeError, UnknownPipeline
from scope.events import EngineStatus, ErrorInfo
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.registry import PipelineRef, discover
from scope.protocol.pipeline import (
    LoraAdapter,
    PipelineNode,
    PipelineSchema,
    PipelineStatusResponse,
)
from scope.server.stocking import Stocking

log = structlog.get_logger("scope.server")
LAST = 1000
"""The place of fields that bring none, after those that do."""


class PipelineDesk:
    """What is loaded, in the clients' words."""

    def __init__(self, engine: Engine, *, aliases: Mapping[str, str], stocking: Stocking) -> None:
        self._engine = engine
        self._aliases = dict(aliases)
        self._stocking = stocking
        self._asked_as: str | None = None
        self._up = asyncio.Event()
        self._started = asyncio.Event()
        self._failure: ErrorInfo | None = None

    async def start(self, pipeline_id: str | None, load_params: Mapping[str, Any]) -> None:
        """Bring the engine up, then load the start-up pipeline; both in the background."""
        try:
            await self._engine.start()
            self._up.set()
            if pipeline_id:
                await self._load(self._named(pipeline_id), dict(load_params))
                await self._stocking.settled()
                await self._engine.settled()
        except ScopeError as error:
            self._failure = ErrorInfo(error.code, error.detail, error.field)
            log.error("startup_failed", code=error.code, detail=error.detail)
        finally:
            self._up.set()
            self._started.set()

    def _named(self, pipeline: str) -> str:
        """An id as it is; for a file's class ("./plasma.py:Plasma") the id it announces."""
        if ":" not in pipeline:
            return pipeline
        fallback = PipelineRef(pipeline).fallback_id()
        installed = {ref.name for ref in discover()}
        added = [name for name in self._engine.catalog() if name not in installed]
        return added[-1] if added else fallback

    async def up(self) -> None:
        """Wait until the catalog is known."""
        await self._up.wait()

    async def started(self, *, at_most_s: float) -> None:
        """Wait while the start-up pipeline is being loaded, but not for ever."""
        if self._started.is_set():
            return
        try:
            async with asyncio.timeout(at_most_s):
                await self._started.wait()
        except TimeoutError:
            return

    def resolve(self, name: str) -> str:
        """The id behind an alias."""
        return self._aliases.get(name, name)

    async def load(self, wanted: Sequence[PipelineNode]) -> None:
        """Begin to load. Raises RequestError, InvalidParameters, UnknownPipeline."""
        if not wanted:
            raise RequestError("No pipeline is named.", field="pipeline_ids")
        if len(wanted) > 1:
            raise InvalidParameters("One pipeline can be loaded at a time.", field="pipeline_ids")
        await self.up()
        await self._load(wanted[0].pipeline_id, dict(wanted[0].load_params or {}))

    async def _load(self, name: str, params: dict[str, Any]) -> None:
        target = self.resolve(name)
        if target != name and (spec := self._engine.catalog().get(target)):
            kept = await self._meant_here(target, params, known=_load_keys(spec))
            if dropped := sorted(set(params) - set(kept)):
                log.info("alias_load_params_dropped", alias=name, keys=dropped)
            params = kept
        await self._begin(LoadRequest(target, params))
        self._asked_as, self._failure = name, None

    async def _meant_here(
        self, target: str, params: dict[str, Any], *, known: Collection[str]
    ) -> dict[str, Any]:
        """An alias stands for another model: what only that one knows, or its size, means nothing
        here, so what the target does not take is left out.
        """
        kept = {key: value for key, value in params.items() if key in known}
        while True:
            try:
                await self._engine.check(LoadRequest(target, kept))
            except InvalidParameters as refused:
                key = (refused.field or "").partition(".")[0]
                if key not in kept:
                    raise
                del kept[key]
            else:
                return kept

    async def _begin(self, request: LoadRequest) -> None:
        spec = self._engine.catalog().get(request.pipeline_id)
        if spec is None or spec.unavailable or not await self._stocking.lacks_files(request, spec):
            await self._engine.load(request)
            self._stocking.forget()
            return
        await self._engine.check(request)  # nothing is fetched for a load that would be refused
        await self._stocking.begin(request, spec, load=self._engine.load)

    async def unload(self) -> None:
        """Free the device."""
        self._stocking.forget()
        await self._engine.unload()
        self._asked_as, self._failure = None, None

    def status(self) -> PipelineStatusResponse:
        """For `GET /pipeline/status`."""
        status = self.current()
        error = status.error
        return PipelineStatusResponse(
            status=status.state,
            pipeline_id=self._asked_as or status.pipeline_id,
            load_params=status.load_params,
            loaded_lora_adapters=_adapters(status),
            error=error.detail if error else None,
            code=error.code if error else None,
            loading_stage=status.stage,
            progress=status.progress,
        )

    def current(self) -> EngineStatus:
        """What the engine says, with what goes on before it has anything to do."""
        if (waiting := self._stocking.status()) is not None:
            return waiting
        status = self._engine.status()
        if status.state == "not_loaded":
            if self._failure is not None:
                return EngineStatus(state="error", error=self._failure)
            if not self._started.is_set():
                return EngineStatus(state="loading", stage="starting")
        return status

    def unreadiness(self) -> str | None:
        """Why no session could start now, or None."""
        engine = self._engine.status()
        if engine.state == "loaded" and engine.worker_up:
            return None  # whatever waits for its files meanwhile
        status = self.current()
        if status.state == "loading":
            return "loading"
        if not engine.worker_up:
            return "worker_down"
        return None if status.state == "loaded" else status.state

    async def spec(self, name: str) -> PipelineSpec:
        """The pipeline of that name. Raises UnknownPipeline, naming the known ones."""
        await self.up()
        catalog = self._engine.catalog()
        spec = catalog.get(self.resolve(name))
        if spec is None:
            known = ", ".join(sorted(catalog)) or "none"
            raise UnknownPipeline(f"There is no pipeline {name!r}. Known: {known}.")
        return spec

    async def schemas(self) -> dict[str, PipelineSchema]:
        """For `GET /pipelines/schemas`."""
        await self.up()
        return {spec.id: _schema(spec) for spec in self._engine.catalog().values()}


def _adapters(status: EngineStatus) -> list[LoraAdapter]:
    """Those of a pipeline that takes any; a load succeeds only with all of them."""
    params = status.load_params if status.state == "loaded" else None
    mode = (params or {}).get("lora_merge_mode")
    if params is None or mode is None:
        return []
    return [
        LoraAdapter(path=each["path"], scale=each["scale"], merge_mode=each["merge_mode"] or mode)
        for each in params.get("loras", ())
    ]


def _load_keys(spec: PipelineSpec) -> set[str]:
    return {*spec.load_schema.get("properties", {}), "seed", "base_seed"}


def _schema(spec: PipelineSpec) -> PipelineSchema:
    properties: Mapping[str, Any] = spec.params_schema.get("properties", {})
    return PipelineSchema(
        id=spec.id,
        name=spec.title,
        description=spec.description,
        version=spec.version,
        supported_modes=list(spec.modes),
        default_mode=spec.modes[0] if spec.modes else "text",
        default_prompt=spec.default_prompt,
        estimated_vram_gb=spec.min_vram_gb,
        supports_lora="lora_scales" in properties,
        supports_vace="vace_enabled" in properties,
        supports_cache_management="manage_cache" in properties,
        supports_kv_cache_bias="kv_cache_attention_bias" in properties,
        config_schema=_with_hints(spec.params_schema),
        load_schema=_with_hints(spec.load_schema),
        mode_defaults={mode: _defaults(properties) for mode in spec.modes},
        unavailable=spec.unavailable,
    )


def _defaults(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: field["default"] for name, field in properties.items() if "default" in field}


def _with_hints(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A `ui` hint for every field: its label and its place, unless it brings its own."""
    fields: Mapping[str, Any] = schema.get("properties", {})
    hinted = {
        name: {
            **field,
            "ui": {"label": _label(name), "order": LAST + place, **field.get("ui", {})},
        }
        for place, (name, field) in enumerate(fields.items())
    }
    return {**schema, "properties": hinted} if fields else dict(schema)


def _label(name: str) -> str:
    """As people say it, and as our own page does."""
    if name == "denoising_step_list":
        return "Steps"
    words = [_SPOKEN.get(word, word) for word in name.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


_SPOKEN = {"kv": "KV", "vace": "VACE", "lora": "LoRA"}

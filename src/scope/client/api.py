"""The Python client of a server: what is loaded, what there is, and streams.

    async with Client() as client:
        await client.load("vista")
        async with client.stream("a calm sea at sunset") as stream:
            await stream.prompt("the same sea in a storm")

Decides how long to wait for a load and how often to look. Needs no torch.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from scope.client.errors import error_of
from scope.client.http import Http
from scope.client.recording import Recording
from scope.client.values import Link, Prompts, wire_prompts
from scope.protocol.access import ShareResponse
from scope.protocol.http import (
    HardwareResponse,
    HealthResponse,
    ParametersResponse,
    SessionMetrics,
)
from scope.protocol.pipeline import (
    DownloadProgress,
    ModelsStatusResponse,
    PipelineSchema,
    PipelineStatusResponse,
)

if TYPE_CHECKING:
    from aiortc import RTCIceServer

    from scope.client.stream import Stream
    from scope.client.watching import Watching

DEFAULT_URL = "http://localhost:8000"
LOOK_EVERY_S = 0.4

Progress = Callable[[PipelineStatusResponse], None]


class Client:
    """See the module. Use as an async context manager, or `aclose` it."""

    def __init__(
        self, base_url: str = DEFAULT_URL, *, api_key: str | None = None, timeout_s: float = 30
    ) -> None:
        self._http = Http(base_url, api_key=api_key, timeout_s=timeout_s)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; streams are closed by their own contexts."""
        await self._http.aclose()

    # What there is.

    async def health(self) -> HealthResponse:
        """The server answers: which build, since when."""
        return HealthResponse.model_validate(await self._http.get("/health"))

    async def hardware(self) -> HardwareResponse:
        """The machine."""
        return HardwareResponse.model_validate(await self._http.get("/api/v1/hardware/info"))

    async def pipelines(self) -> dict[str, PipelineSchema]:
        """Every pipeline with its parameters; one that can not run there says why."""
        told = await self._http.get("/api/v1/pipelines/schemas")
        return TypeAdapter(dict[str, PipelineSchema]).validate_python(told["pipelines"])

    async def models(self) -> list[ModelsStatusResponse]:
        """The files of every pipeline: whether they are there, size, licence."""
        return [await self.model(pipeline_id) for pipeline_id in await self.pipelines()]

    async def model(self, pipeline_id: str) -> ModelsStatusResponse:
        """The files of one pipeline."""
        told = await self._http.get("/api/v1/models/status", pipeline_id=pipeline_id)
        return ModelsStatusResponse.model_validate(told)

    async def download(self, pipeline_id: str) -> AsyncIterator[DownloadProgress]:
        """Let the server fetch a pipeline's files; how far it is, until they are there."""
        await self._http.post("/api/v1/models/download", {"pipeline_id": pipeline_id})
        while True:
            model = await self.model(pipeline_id)
            progress = model.progress
            if progress is not None:
                yield progress
            if progress is not None and progress.error is not None:
                raise error_of(progress.code or "download_failed", progress.error)
            if progress is None or not progress.is_downloading:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    # What is loaded.

    async def load(
        self,
        pipeline_id: str,
        *,
        wait: bool = True,
        timeout_s: float = 600,
        on_progress: Progress = lambda status: None,
        **load_params: Any,
    ) -> PipelineStatusResponse:
        """Load a pipeline, fetching its files where the server has none.

        Raises NotFound, BadParameter, OutOfMemory, and TimeoutError after `timeout_s`.
        """
        await self._http.post(
            "/api/v1/pipeline/load",
            {"pipeline_ids": [pipeline_id], "load_params": load_params or None},
        )
        if not wait:
            return await self.status()
        return await self.load_ended(timeout_s=timeout_s, on_progress=on_progress)

    async def load_ended(
        self, *, timeout_s: float = 600, on_progress: Progress = lambda status: None
    ) -> PipelineStatusResponse:
        """Wait for the load that is under way. Raises as `load` does."""
        async with asyncio.timeout(timeout_s):
            while (status := await self.status()).status == "loading":
                on_progress(status)
                await asyncio.sleep(LOOK_EVERY_S)
        on_progress(status)
        if status.status != "loaded":
            detail = status.error or "The pipeline was not loaded."
            raise error_of(status.code or "load_failed", detail)
        return status

    async def status(self) -> PipelineStatusResponse:
        """What is loaded, how far a load is, or why it failed."""
        return PipelineStatusResponse.model_validate(
            await self._http.get("/api/v1/pipeline/status")
        )

    async def unload(self) -> None:
        """End all streams and free the device."""
        await self._http.post("/api/v1/pipeline/unload")

    # What plays.

    def stream(
        self,
        prompt: Prompts = "",
        *,
        seed: int | None = None,
        resume: bool = True,
        ice_servers: "Sequence[RTCIceServer] | None" = None,
        lost_s: float = 8.0,
        **parameters: Any,
    ) -> "Stream":
        """A stream of what is loaded: `async with client.stream("a fox in snow") as stream`.

        resume: go on with the same session after a lost connection. lost_s: how long nothing may
        come before a connection counts as lost. ice_servers: else those the server names, or none
        where it is on this machine.
        """
        from scope.client.line import Line
        from scope.client.stream import Stream

        wish: dict[str, Any] = dict(parameters)
        if prompt:
            wish["prompts"] = wire_prompts(prompt)
        if seed is not None:
            wish["seed"] = seed
        line = Line(
            self._http, parameters=wish, resume=resume, ice_servers=ice_servers, lost_s=lost_s
        )
        return Stream(self._http, line)

    async def begin(self, **parameters: Any) -> str:
        """Begin a session that plays without a viewer; its id."""
        told = await self._http.post("/api/v1/session/start", {"parameters": parameters})
        return str(told["session_id"])

    async def end(self, session_id: str) -> None:
        """End a session that was begun so."""
        await self._http.post("/api/v1/session/stop", {"session_id": session_id})

    def watch(
        self,
        session_id: str,
        *,
        ice_servers: "Sequence[RTCIceServer] | None" = None,
        lost_s: float = 8.0,
    ) -> "Watching":
        """A look at a running session, without a say in it: `async with client.watch(id) as it`."""
        from scope.client.watching import Watching

        return Watching(self._http, session_id, ice_servers=ice_servers, lost_s=lost_s)

    async def sessions(self) -> dict[str, SessionMetrics]:
        """Figures of every running session by its id."""
        told = await self._http.get("/api/v1/session/metrics")
        return TypeAdapter(dict[str, SessionMetrics]).validate_python(told["sessions"])

    async def parameters(self, session_id: str | None = None) -> dict[str, Any]:
        """What is in force, in one session or the oldest."""
        told = await self._http.get("/api/v1/session/parameters", session_id=session_id)
        return ParametersResponse.model_validate(told).parameters

    async def change(
        self, parameters: Mapping[str, Any], *, session_id: str | None = None
    ) -> ParametersResponse:
        """Change parameters of a running session, or of all, from outside."""
        told = await self._http.post(
            "/api/v1/session/parameters", dict(parameters), session_id=session_id
        )
        return ParametersResponse.model_validate(told)

    async def share(
        self, session_id: str | None = None, *, expires_s: float = 86_400, uses: int = 1
    ) -> Link:
        """A link for `uses` browsers without a key, to watch only."""
        told = await self._http.post(
            "/api/v1/access/share",
            {"session_id": session_id, "expires_s": expires_s, "uses": uses},
        )
        made = ShareResponse.model_validate(told)
        return Link(self._http.base_url + made.path, expires_s=made.expires_s, uses=made.uses)

    async def picture(self, session_id: str | None = None, *, form: str = "png") -> bytes:
        """The newest picture of a session or of the oldest, as a file."""
        return await self._http.read("/api/v1/session/frame", session_id=session_id, format=form)

    def recording(self, session_id: str, path: str | Path) -> Recording:
        """A recording of a running session, to be started and stopped."""
        return Recording(self._http, session_id, Path(path))

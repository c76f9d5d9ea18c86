"""A load that waits for its files: they are fetched first, then the engine gets it.

Decides what such a load looks like in the status and what ends the wait. What a load is belongs
to the engine, how files are fetched to the hub.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from scope.engine.api import LoadRequest
from scope.errors import LoadFailed, ModelFilesMissing, ScopeError
from scope.events import EngineStatus, ErrorInfo
from scope.hub.library import Library, how_to_fetch
from scope.hub.order import Failed
from scope.pipelines.contract import PipelineSpec

Load = Callable[[LoadRequest], Awaitable[None]]

log = structlog.get_logger("scope.server")


class Stocking:
    """At most one load waits; a newer one takes its place. The download goes on all the same."""

    def __init__(self, library: Library, *, fetches: bool) -> None:
        self._library = library
        self._fetches = fetches
        self._task: asyncio.Task[None] | None = None
        self._request: LoadRequest | None = None
        self._failure: ErrorInfo | None = None

    async def lacks_files(self, request: LoadRequest, spec: PipelineSpec) -> bool:
        """Whether this load must wait. Raises ModelFilesMissing where it would wait for ever."""
        stock = await self._library.stock(spec, request.params)
        if not stock.missing:
            return False
        if not self._fetches:
            raise ModelFilesMissing(how_to_fetch(spec, stock.missing))
        self._library.require_reachable(spec, stock.missing)
        return True

    async def begin(self, request: LoadRequest, spec: PipelineSpec, *, load: Load) -> None:
        """Fetch the files, then `load`. Raises StateError while others are being fetched."""
        if self._library.running != request.pipeline_id:
            stock = await self._library.stock(spec, request.params)
            self._library.begin(request.pipeline_id, stock.missing)
        self.forget()
        self._request = request
        work = self._fetch_and_load(request, spec, load=load)
        self._task = asyncio.create_task(work, name="files of a load")

    def forget(self) -> None:
        """No load waits any more, and none has failed."""
        if self._task is not None:
            self._task.cancel()
        self._request = self._failure = None

    async def settled(self) -> None:
        """Wait while a load waits."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def aclose(self) -> None:
        """Wait for nothing any more."""
        self.forget()
        await self.settled()

    def status(self) -> EngineStatus | None:
        """What the load that waits, or failed to, looks like; None without one."""
        if self._request is None:
            return None
        shown = EngineStatus(
            state="loading",
            pipeline_id=self._request.pipeline_id,
            load_params=dict(self._request.params),
        )
        if self._failure is not None:
            return EngineStatus(
                state="error",
                pipeline_id=shown.pipeline_id,
                load_params=shown.load_params,
                error=self._failure,
            )
        progress = self._library.progress(self._request.pipeline_id)
        if progress is None:
            return shown
        return EngineStatus(
            state="loading",
            pipeline_id=shown.pipeline_id,
            load_params=shown.load_params,
            stage=progress.in_words(),
            progress=progress.fraction,
        )

    async def _fetch_and_load(
        self, request: LoadRequest, spec: PipelineSpec, *, load: Load
    ) -> None:
        """Nobody waits for this: what goes wrong is told by `status`."""
        try:
            if (failed := await self._fetch(request, spec)) is not None:
                self._failure = ErrorInfo(failed.code, failed.detail)
                return
            await load(request)
        except ScopeError as error:
            self._failure = ErrorInfo(error.code, error.detail, error.field)
            return
        except Exception as error:  # a disk, a process: whatever it is, it is told
            log.error("load_broke_off", pipeline_id=request.pipeline_id, exc_info=error)
            self._failure = ErrorInfo(
                LoadFailed.code, f"It could not be loaded: {_in_words(error)}."
            )
            return
        self._request = None

    async def _fetch(self, request: LoadRequest, spec: PipelineSpec) -> Failed | None:
        """Until everything is here: the running download may be for other load parameters."""
        while True:
            ended = await self._library.join()
            if ended.error is not None:
                return ended.error
            stock = await self._library.stock(spec, request.params)
            if not stock.missing:
                return None
            self._library.begin(request.pipeline_id, stock.missing)


def _in_words(error: BaseException) -> str:
    """What is at the bottom of it, on one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    text = " ".join(str(error).split())[:300].rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

"""Playing a timeline as fast as it can be made, without a server and without peers.

The engine and its stream loop are the ones that play live, so what is made here is, picture
for picture, what a live session shows. Decides how much is made; what becomes of it is the
caller's business.
"""

import contextlib
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from scope.clock import MonotonicClock
from scope.engine.api import LoadRequest, OpenRequest, Playhead, StreamHandle
from scope.engine.failures import as_exception
from scope.engine.inline_engine import InlineEngine
from scope.errors import GenerationFailed, LoadFailed, UnknownPipeline
from scope.events import EngineStatus, ErrorInfo, StreamStopped
from scope.frames import Pixels, VideoFormat
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.registry import PipelineRef
from scope.protocol.timeline import Timeline
from scope.sessions.score import Score, default_prompt, score_of
from scope.sessions.timeline import EventLog

NEVER_S = 1e8
DEFAULT_SEED = 0


class Stage:
    """An engine of our own with one pipeline, for one rendering after another."""

    def __init__(self, engine: InlineEngine, spec: PipelineSpec) -> None:
        self._engine = engine
        self.spec = spec
        self.video = VideoFormat(0, 0, 1.0)
        self.chunk_frames = 1

    async def load(self, params: Mapping[str, Any]) -> EngineStatus:
        """Raises InvalidParameters, LoadFailed."""
        await self._engine.load(LoadRequest(self.spec.id, params))
        status = await self._engine.settled()
        if status.format is None or status.chunk_frames is None:
            raise _failure(status.error)
        self.video, self.chunk_frames = status.format, status.chunk_frames
        return status

    def score(self, timeline: Timeline, parameters: Mapping[str, Any]) -> Score:
        """`timeline` for the pipeline that is loaded. Raises InvalidParameters."""
        return score_of(
            timeline,
            spec=self.spec,
            video=self.video,
            chunk_frames=self.chunk_frames,
            parameters=parameters,
        )

    @asynccontextmanager
    async def perform(self, score: Score) -> AsyncIterator["Performance"]:
        """`score`, ready to be played. Raises InvalidParameters."""
        control = score.decoded.update.to_control(0, method="linear")
        initial = replace(control, seed=None, reset=False, apply_now=False, paused=None)
        handle = await self._engine.open(
            OpenRequest(
                stream_id=str(uuid.uuid4()),
                seed=DEFAULT_SEED if score.seed is None else score.seed,
                initial=initial,
                script=score.script,
            )
        )
        try:
            yield Performance(
                handle, EventLog(handle, initial=initial, default=default_prompt(self.spec))
            )
        finally:
            await handle.aclose()


class Performance:
    """A score that is being played. head: what it is made with, as a timeline without events."""

    def __init__(self, handle: StreamHandle, log: EventLog) -> None:
        self._handle = handle
        self.head = log.timeline(frames=0, chunks=0)

    @property
    def chunks_made(self) -> int:
        """How many so far, as last told."""
        return self._handle.figures().chunks_made

    async def frames(self, count: int) -> AsyncIterator[Pixels]:
        """The first `count` pictures; each is valid until the next one is asked for.

        Raises GenerationFailed and its like with the reason.
        """
        handle, now_s = self._handle, MonotonicClock().now()
        # The frame after the last one is due in years: it is never made. All before are late.
        handle.play(Playhead(count, now_s + NEVER_S, 2 * NEVER_S))
        for _ in range(count):
            try:
                frame = await handle.frames.get()
            except EOFError:
                raise await self._reason() from None
            yield frame.pixels
            handle.frames.done(frame.index)

    async def _reason(self) -> Exception:
        while not isinstance(event := await self._handle.next_event(), StreamStopped):
            pass
        if event.error is None:
            return GenerationFailed(f"The stream ended: {event.reason.value}.")
        return as_exception(event.error)


@asynccontextmanager
async def stage(refs: Sequence[PipelineRef], *, device: str = "auto") -> AsyncIterator[Stage]:
    """A stage for the last of `refs`. Raises UnknownPipeline, LoadFailed."""
    async with AsyncExitStack() as stack:
        engine = InlineEngine(refs, device=device, warm_up=False)
        stack.push_async_callback(_close, engine)
        await engine.start()
        specs = list(engine.catalog().values())
        if not specs:
            raise UnknownPipeline("There is no pipeline.")
        if specs[-1].unavailable is not None:
            raise LoadFailed(specs[-1].unavailable)
        yield Stage(engine, specs[-1])


async def _close(engine: InlineEngine) -> None:
    """A chunk that takes minutes is not waited for; its thread ends with the process."""
    with contextlib.suppress(TimeoutError):
        await engine.aclose()


def _failure(error: ErrorInfo | None) -> Exception:
    return LoadFailed("The pipeline did not load.") if error is None else as_exception(error)

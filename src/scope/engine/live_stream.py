"""One live stream as its owner holds it, on the event loop.

Decides that a stream ends exactly once, whoever ends it first: its owner, the worker or
the engine. Knows the worker only as something commands are posted to.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from scope.control import ControlUpdate
from scope.engine.api import PipelineIdentity, Playhead, StreamFigures
from scope.engine.failures import as_exception
from scope.engine.frame_buffer import FrameBuffer
from scope.engine.messages import Close, Command, Dump, Dumped, LoadedPipeline, Play, Send
from scope.engine.snapshot import StreamSnapshot
from scope.errors import StateError, TooLarge
from scope.events import EngineEvent, ErrorInfo, StopReason, StreamStopped
from scope.frames import Chunk, VideoFormat


def identity_of(pipeline: LoadedPipeline) -> PipelineIdentity:
    """What has to be the same for the same pictures."""
    return PipelineIdentity(
        pipeline.pipeline_id, pipeline.version, pipeline.load_params, pipeline.facts
    )


class LiveStream:
    """A `StreamHandle` of either home."""

    def __init__(
        self,
        *,
        stream_id: str,
        seed: int,
        pipeline: LoadedPipeline,
        post: Callable[[Command], None],
        ended: Callable[["LiveStream", StopReason], None],
        lead_room_s: float,
        release: Callable[[int], None],
        reopen: Callable[["LiveStream", StreamSnapshot | None], None],
    ) -> None:
        self.id = stream_id
        self.seed = seed
        self.pipeline_id = pipeline.pipeline_id
        self.identity = identity_of(pipeline)
        self.format: VideoFormat = pipeline.format
        self.chunk_frames = pipeline.chunk_frames
        self.frames = FrameBuffer(release=release)
        self.lead_room_s = lead_room_s
        self.wants_frames = True
        self._post = post
        self._ended = ended
        self._reopen = reopen
        self._parked: StreamSnapshot | None = None
        self._parking = False  # it leaves the worker just now; what is said there comes too late
        self._dumps: dict[int, asyncio.Future[StreamSnapshot | None]] = {}
        self._dumps_asked = 0
        self._figures = StreamFigures(0, 0, pipeline.nominal_chunk_s, 0.0)
        self._events: deque[EngineEvent] = deque()
        self._news = asyncio.Event()
        self._stopped = False

    def send(self, update: ControlUpdate) -> None:
        """See `StreamHandle`."""
        if self._is_away():
            return
        drop_from = self.frames.hold_after_shown_chunk() if update.apply_now else None
        self._post(Send(self.id, update, drop_from))

    def play(self, playhead: Playhead | None) -> None:
        """See `StreamHandle`."""
        if self._is_away():
            return
        self.wants_frames = playhead is not None
        self._post(Play(self.id, playhead))

    async def next_event(self) -> EngineEvent:
        """See `StreamHandle`."""
        while not self._events:
            if self._stopped:
                raise EOFError("the stream has ended")
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()

    def figures(self) -> StreamFigures:
        """See `StreamHandle`."""
        return self._figures

    def nominal_chunk_s(self) -> float:
        """See `StreamHandle`."""
        return self._figures.chunk_s

    async def dump(self, *, max_bytes: int | None = None) -> StreamSnapshot:
        """See `StreamHandle`."""
        snapshot = self._parked or await self._ask_for_dump(max_bytes)
        if snapshot is None:
            raise TooLarge(f"The stream's state has more than {max_bytes} bytes.")
        return snapshot

    async def park(self, *, max_bytes: int) -> int:
        """See `StreamHandle`."""
        self.play(None)
        self._parking = True
        try:
            snapshot = await self.dump(max_bytes=max_bytes)
        except TooLarge:
            return 0
        finally:
            self._parking = False
        if self._stopped:
            raise StateError("The stream has ended.")
        self._parked = snapshot
        self._post(Close(self.id))
        self._ended(self, StopReason.CLOSED)
        return snapshot.size_bytes

    async def resume(self) -> None:
        """See `StreamHandle`."""
        if self._stopped:
            raise StateError("The stream has ended.")
        self._reopen(self, self._parked)
        self._parked = None
        self.wants_frames = True

    async def aclose(self) -> None:
        """See `StreamHandle`."""
        self.finish(StopReason.CLOSED, None)

    def _is_away(self) -> bool:
        return self._stopped or self._parking or self._parked is not None

    async def _ask_for_dump(self, max_bytes: int | None) -> StreamSnapshot | None:
        if self._stopped:
            raise StateError("The stream has ended.")
        self._dumps_asked += 1
        ticket = self._dumps_asked
        answer: asyncio.Future[StreamSnapshot | None]
        answer = self._dumps[ticket] = asyncio.get_running_loop().create_future()
        self._post(Dump(ticket, self.id, max_bytes))
        try:
            return await answer
        finally:
            del self._dumps[ticket]

    # What the engine tells it.

    def tell(self, event: EngineEvent) -> None:
        """An event from the worker."""
        if isinstance(event, StreamStopped):
            self.finish(event.reason, event.error)
        elif not self._stopped:
            self._append(event)

    def deliver(self, chunk: Chunk) -> None:
        """A piece from the worker."""
        self.frames.put(chunk)

    def rewound(self, from_index: int) -> None:
        """The worker makes everything from `from_index` on anew; pieces that arrive after
        this are new, those before it were old.
        """
        self.frames.drop_from(from_index)

    def dumped(self, report: Dumped) -> None:
        """The answer to a dump."""
        answer = self._dumps.get(report.ticket)
        if answer is None or answer.done():
            return
        if report.error is None:
            answer.set_result(report.snapshot)
        else:
            answer.set_exception(as_exception(report.error))

    def attach(self, *, post: Callable[[Command], None], release: Callable[[int], None]) -> None:
        """Another worker's stream, or another one of this worker, goes on with this one."""
        self._post = post
        self.frames.attach(release)

    def measured(self, figures: StreamFigures) -> None:
        """Newest figures from the worker."""
        self._figures = figures

    def finish(self, reason: StopReason, error: ErrorInfo | None) -> None:
        """The end: the first call counts."""
        if self._stopped:
            return
        self._append(StreamStopped(self.id, reason, error))
        self._stopped = True
        self.wants_frames = False
        for answer in self._dumps.values():
            if not answer.done():
                answer.set_exception(StateError("The stream has ended."))
        self.frames.close()
        if self._parked is not None:
            self._parked = None
            return
        self._post(Close(self.id))
        self._ended(self, reason)

    def _append(self, event: EngineEvent) -> None:
        self._events.append(event)
        self._news.set()

"""One live stream as its owner holds it, on the event loop.

Decides that a stream ends exactly once, whoever ends it first: its owner, the worker or
the engine. Knows the worker only as something commands are posted to.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from scope.control import ControlUpdate
from scope.engine.api import PipelineIdentity, Playhead, StreamFigures
from scope.engine.frame_buffer import FrameBuffer
from scope.engine.messages import Close, Command, LoadedPipeline, Play, Send
from scope.events import EngineEvent, ErrorInfo, StopReason, StreamStopped
from scope.frames import Chunk, VideoFormat


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
    ) -> None:
        self.id = stream_id
        self.seed = seed
        self.pipeline_id = pipeline.pipeline_id
        self.identity = PipelineIdentity(
            pipeline.pipeline_id, pipeline.version, pipeline.load_params, pipeline.facts
        )
        self.format: VideoFormat = pipeline.format
        self.chunk_frames = pipeline.chunk_frames
        self.frames = FrameBuffer(release=release)
        self.lead_room_s = lead_room_s
        self.wants_frames = True
        self._post = post
        self._ended = ended
        self._figures = StreamFigures(0, 0, pipeline.nominal_chunk_s, 0.0)
        self._events: deque[EngineEvent] = deque()
        self._news = asyncio.Event()
        self._stopped = False

    def send(self, update: ControlUpdate) -> None:
        """See `StreamHandle`."""
        if self._stopped:
            return
        drop_from = self.frames.hold_after_shown_chunk() if update.apply_now else None
        self._post(Send(self.id, update, drop_from))

    def play(self, playhead: Playhead | None) -> None:
        """See `StreamHandle`."""
        if self._stopped:
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

    async def aclose(self) -> None:
        """See `StreamHandle`."""
        self.finish(StopReason.CLOSED, None)

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
        self._post(Close(self.id))
        self.frames.close()
        self._ended(self, reason)

    def _append(self, event: EngineEvent) -> None:
        self._events.append(event)
        self._news.set()

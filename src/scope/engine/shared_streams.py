"""The streams of one child, and the memory their frames come through.

Decides how big that memory is and when it is let go. Lives on the event loop.
"""

from collections.abc import Callable

from scope.engine.api import OpenRequest
from scope.engine.child_process import ChildProcess
from scope.engine.front import lead_room_s, seed_of, slots
from scope.engine.live_stream import LiveStream
from scope.engine.messages import LoadedPipeline, Made, Open, Wake
from scope.engine.pixel_ring import PixelRing, RingShape, new_memory
from scope.events import StopReason


class SharedStreams:
    """Live streams with their rings."""

    def __init__(self, *, ended: Callable[[LiveStream, StopReason], None]) -> None:
        self._ended = ended
        self._open: dict[str, tuple[LiveStream, PixelRing]] = {}

    def begin(
        self, request: OpenRequest, pipeline: LoadedPipeline, child: ChildProcess
    ) -> LiveStream:
        """A new stream of `child`."""
        shape = RingShape.of(pipeline.format, slots(pipeline))
        memory = new_memory(shape)
        ring = PixelRing(memory, shape)
        seed = seed_of(request, pipeline)
        stream = LiveStream(
            stream_id=request.stream_id,
            seed=seed,
            pipeline=pipeline,
            post=child.post,
            ended=self._forget,
            lead_room_s=lead_room_s(pipeline),
            release=lambda index: child.post(Wake()) if ring.release(index) else None,
        )
        self._open[stream.id] = stream, ring
        child.post(
            Open(
                stream.id,
                seed,
                request.initial,
                request.state,
                shape.slots,
                pipeline.format,
                request.script,
            ),
            memory,
        )
        return stream

    def deliver(self, made: Made) -> None:
        """Frames lie ready. Those of a stream that has ended are nobody's."""
        if made.stream_id in self._open:
            stream, ring = self._open[made.stream_id]
            for chunk in made.chunks(ring.read(made.first_index, made.frames)):
                stream.deliver(chunk)

    def _forget(self, stream: LiveStream, reason: StopReason) -> None:
        self._open.pop(stream.id, None)
        self._ended(stream, reason)

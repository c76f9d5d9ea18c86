"""The streams of one child, and the memory their frames come through.

Decides how big that memory is and when it is let go. Lives on the event loop.
"""

from collections.abc import Callable

from scope.engine.api import OpenRequest
from scope.engine.child_process import ChildProcess
from scope.engine.front import Front, lead_room_s, seed_of, slots
from scope.engine.live_stream import LiveStream
from scope.engine.messages import LoadedPipeline, Made, Open, Wake
from scope.engine.pixel_ring import PixelRing, RingShape, new_memory
from scope.engine.snapshot import StreamSnapshot
from scope.errors import WorkerLost
from scope.events import StopReason


class SharedStreams:
    """Live streams with their rings."""

    def __init__(
        self,
        *,
        front: Front,
        child: Callable[[], ChildProcess | None],
        ended: Callable[[LiveStream, StopReason], None],
    ) -> None:
        self._front = front
        self._child = child
        self._ended = ended
        self._open: dict[str, tuple[LiveStream, PixelRing]] = {}

    def begin(self, request: OpenRequest, pipeline: LoadedPipeline) -> LiveStream:
        """A new stream. Raises WorkerLost."""
        child = self._living_child()
        stream = LiveStream(
            stream_id=request.stream_id,
            seed=seed_of(request, pipeline),
            pipeline=pipeline,
            post=child.post,
            ended=self._forget,
            lead_room_s=lead_room_s(pipeline),
            release=lambda _: None,
            reopen=self._go_on,
        )
        self._attach(stream, request, pipeline, child)
        return stream

    def _go_on(self, stream: LiveStream, snapshot: StreamSnapshot | None) -> None:
        """A stream that was parked plays again, where it is or in the child of now."""
        pipeline, child = self._front.readmit(stream), self._living_child()
        if snapshot is not None:
            request = OpenRequest(stream.id, snapshot=snapshot)
            self._attach(stream, request, pipeline, child)

    def _living_child(self) -> ChildProcess:
        child = self._child()
        if child is None:
            raise WorkerLost("The worker is being restarted.")
        return child

    def _attach(
        self,
        stream: LiveStream,
        request: OpenRequest,
        pipeline: LoadedPipeline,
        child: ChildProcess,
    ) -> None:
        shape = RingShape.of(pipeline.format, slots(pipeline))
        memory = new_memory(shape)
        ring = PixelRing(memory, shape)
        if request.snapshot is not None:
            ring.release(request.snapshot.at.next_index - 1)  # frames of another ring
        stream.attach(
            post=child.post,
            release=lambda index: child.post(Wake()) if ring.release(index) else None,
        )
        self._open[stream.id] = stream, ring
        self._front.add(stream)
        child.post(
            Open(
                stream.id,
                stream.seed,
                request.initial,
                request.snapshot,
                shape.slots,
                pipeline.format,
                request.script,
            ),
            memory,
        )

    def deliver(self, made: Made) -> None:
        """Frames lie ready. Those of a stream that has ended are nobody's."""
        if made.stream_id in self._open:
            stream, ring = self._open[made.stream_id]
            for chunk in made.chunks(ring.read(made.first_index, made.frames)):
                stream.deliver(chunk)

    def _forget(self, stream: LiveStream, reason: StopReason) -> None:
        self._open.pop(stream.id, None)
        self._ended(stream, reason)

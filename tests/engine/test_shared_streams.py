import os
from typing import Any

from scope.engine.api import OpenRequest
from scope.engine.live_stream import LiveStream
from scope.engine.messages import Close, LoadedPipeline, Made, Open, Wake
from scope.engine.pixel_ring import PixelRing, RingShape
from scope.engine.shared_streams import SharedStreams
from scope.events import StopReason
from scope.frames import VideoFormat

PIPELINE = LoadedPipeline("p", VideoFormat(4, 2, 16), 4, 0.1, None)


class Child:
    """What a stream posts, and the writer's end of its ring."""

    def __init__(self) -> None:
        self.posted: list[Any] = []
        self.ring: PixelRing | None = None

    def post(self, command: Any, descriptor: int | None = None) -> None:
        self.posted.append(command)
        if descriptor is not None:
            self.ring = PixelRing(descriptor, RingShape.of(command.size, command.slots))
            os.close(descriptor)


def made(first_index: int) -> Made:
    return Made("a", first_index, 4, 0, 0.1, first_index // 4, True, 0.0)


def test_frames_are_delivered_released_and_the_writer_woken() -> None:
    child: Any = Child()
    streams = SharedStreams(ended=lambda *_: None)
    stream = streams.begin(OpenRequest("a"), PIPELINE, child)
    (opened,) = child.posted
    assert isinstance(opened, Open)
    index = 0
    while child.ring.has_room(index, 4):
        streams.deliver(made(index))
        index += 4
    assert len(stream.frames) == index == opened.slots
    assert stream.frames.get_nowait()
    stream.frames.done(0)
    stream.frames.done(1)
    assert child.posted[1:] == [Wake()]


def test_the_end_of_a_stream_lets_its_memory_go() -> None:
    child: Any = Child()
    ends: list[tuple[LiveStream, StopReason]] = []
    streams = SharedStreams(ended=lambda *end: ends.append(end))
    stream = streams.begin(OpenRequest("a"), PIPELINE, child)
    stream.finish(StopReason.CLOSED, None)
    assert ends == [(stream, StopReason.CLOSED)]
    assert child.posted[1:] == [Close("a")]
    streams.deliver(made(0))
    assert len(stream.frames) == 0

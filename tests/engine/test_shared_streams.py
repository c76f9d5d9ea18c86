import asyncio
import os
from collections.abc import Callable
from typing import Any

from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.front import Capacity, Front
from scope.engine.handing import Place
from scope.engine.live_stream import LiveStream
from scope.engine.messages import (
    Close,
    Dump,
    Dumped,
    Loaded,
    LoadedPipeline,
    Made,
    Open,
    Ready,
    Wake,
)
from scope.engine.pixel_ring import PixelRing, RingShape
from scope.engine.shared_streams import SharedStreams
from scope.engine.snapshot import StreamSnapshot
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


def streams_of(
    child: Any, ended: Callable[[LiveStream, StopReason], None] = lambda *_: None
) -> SharedStreams:
    front = Front(capacity=Capacity())
    front.receive(Ready({}))
    ticket = front.begin_load(LoadRequest("p"))
    front.receive(Loaded(ticket, PIPELINE))
    return SharedStreams(front=front, child=lambda: child, ended=ended)


def made(first_index: int) -> Made:
    return Made("a", first_index, 4, 0, 0.1, first_index // 4, True, 0.0)


def test_frames_are_delivered_released_and_the_writer_woken() -> None:
    child: Any = Child()
    streams = streams_of(child)
    stream = streams.begin(OpenRequest("a"), PIPELINE)
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
    streams = streams_of(child, lambda *end: ends.append(end))
    stream = streams.begin(OpenRequest("a"), PIPELINE)
    stream.finish(StopReason.CLOSED, None)
    assert ends == [(stream, StopReason.CLOSED)]
    assert child.posted[1:] == [Close("a")]
    streams.deliver(made(0))
    assert len(stream.frames) == 0


def test_a_parked_stream_goes_on_in_another_child_without_a_frame_lost() -> None:
    async def scenario() -> None:
        old: Any = Child()
        streams = streams_of(old)
        stream = streams.begin(OpenRequest("a"), PIPELINE)
        for first in (0, 4, 8):
            streams.deliver(made(first))
        parking = asyncio.create_task(stream.park(max_bytes=10))
        await asyncio.sleep(0)
        (dump,) = [command for command in old.posted if isinstance(command, Dump)]
        snapshot = StreamSnapshot(b"state", Place(12, 3))
        stream.dumped(Dumped(dump.ticket, "a", snapshot))
        assert await parking == 5
        assert old.posted[-1] == Close("a")
        new: Any = Child()
        streams._child = lambda: new
        await stream.resume()
        (opened,) = new.posted
        assert opened.snapshot is snapshot
        index = 12
        while new.ring.has_room(index, 4):
            streams.deliver(made(index))
            index += 4
        shown = []
        while frame := stream.frames.get_nowait():
            shown.append(frame.index)
            stream.frames.done(frame.index)
        assert shown == list(range(index))
        assert index - 12 == opened.slots
        assert new.ring.has_room(index, opened.slots)

    asyncio.run(scenario())

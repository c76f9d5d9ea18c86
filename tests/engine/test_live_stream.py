import asyncio

import numpy as np
import pytest

from scope.control import ControlUpdate
from scope.engine.api import Playhead, StreamFigures
from scope.engine.live_stream import LiveStream
from scope.engine.messages import Close, Command, Dump, Dumped, LoadedPipeline, Play, Send
from scope.engine.snapshot import StreamSnapshot
from scope.errors import StateError
from scope.events import ErrorInfo, PauseChanged, StopReason, StreamStopped
from scope.frames import Chunk, VideoFormat

PIPELINE = LoadedPipeline("p", VideoFormat(4, 2, 10), 4, 0.2, None)


def stream() -> tuple[LiveStream, list[Command], list[StopReason]]:
    posted: list[Command] = []
    ends: list[StopReason] = []
    live = LiveStream(
        stream_id="a",
        seed=1,
        pipeline=PIPELINE,
        post=posted.append,
        ended=lambda _, reason: ends.append(reason),
        lead_room_s=1.0,
        release=lambda _: None,
        reopen=lambda *_: None,
    )
    return live, posted, ends


def test_what_the_owner_does_is_posted() -> None:
    live, posted, _ = stream()
    update, playhead = ControlUpdate(1), Playhead(0, 1.0, 0.1)
    live.send(update)
    live.play(playhead)
    live.play(None)
    assert posted == [Send("a", update), Play("a", playhead), Play("a", None)]
    assert not live.wants_frames


def test_the_first_end_counts_and_there_is_only_one() -> None:
    async def scenario() -> None:
        live, posted, ends = stream()
        live.tell(PauseChanged("a", 1, True))
        live.tell(StreamStopped("a", StopReason.GENERATION_FAILED))
        live.finish(StopReason.WORKER_LOST, None)
        await live.aclose()
        live.tell(PauseChanged("a", 2, False))
        assert isinstance(await live.next_event(), PauseChanged)
        assert await live.next_event() == StreamStopped("a", StopReason.GENERATION_FAILED)
        for _ in range(2):
            with pytest.raises(EOFError):
                await live.next_event()
        assert ends == [StopReason.GENERATION_FAILED]
        assert posted == [Close("a")]
        live.send(ControlUpdate(3))
        live.play(Playhead(0, 0.0, 1.0))
        assert posted == [Close("a")]

    asyncio.run(scenario())


def test_a_waiting_owner_is_woken_by_an_event() -> None:
    async def scenario() -> None:
        live, _, _ = stream()
        waiting = asyncio.create_task(live.next_event())
        await asyncio.sleep(0)
        live.tell(PauseChanged("a", 1, True))
        assert await waiting == PauseChanged("a", 1, True)

    asyncio.run(scenario())


def test_figures_are_nominal_until_the_worker_tells_better() -> None:
    live, _, _ = stream()
    assert live.nominal_chunk_s() == 0.2
    live.measured(StreamFigures(4, 1, 0.3, 0.4))
    assert live.nominal_chunk_s() == 0.3
    assert live.figures().chunks_made == 1


def test_an_update_that_acts_now_says_what_has_not_been_shown() -> None:
    live, posted, _ = stream()
    live.deliver(Chunk(np.zeros((4, 2, 4, 3), np.uint8), 0, 0, 0.1, 0, True, 0.0))
    live.deliver(Chunk(np.zeros((4, 2, 4, 3), np.uint8), 4, 0, 0.1, 1, True, 0.0))
    assert live.frames.get_nowait()
    update = ControlUpdate(1, apply_now=True)
    live.send(update)
    assert posted == [Send("a", update, 4)]
    live.rewound(4)
    assert len(live.frames) == 3


def test_a_dump_is_asked_for_and_answered() -> None:
    async def scenario() -> None:
        live, posted, _ = stream()
        asked = asyncio.create_task(live.dump(max_bytes=9))
        also = asyncio.create_task(live.dump())
        await asyncio.sleep(0)
        assert posted == [Dump(1, "a", 9), Dump(2, "a", None)]
        live.dumped(Dumped(7, "a"))
        live.dumped(Dumped(2, "a", error=ErrorInfo("wrong_state", "gone")))
        live.dumped(Dumped(1, "a", StreamSnapshot(b"x")))
        assert (await asked).state == b"x"
        with pytest.raises(StateError, match="gone"):
            await also

    asyncio.run(scenario())


def test_who_waits_for_a_dump_is_told_of_the_end() -> None:
    async def scenario() -> None:
        live, _, _ = stream()
        asked = asyncio.create_task(live.dump())
        await asyncio.sleep(0)
        live.finish(StopReason.WORKER_LOST, None)
        for call in (asked, live.dump(), live.park(max_bytes=1), live.resume()):
            with pytest.raises(StateError):
                await call

    asyncio.run(scenario())


async def parked(live: LiveStream, posted: list[Command], snapshot: StreamSnapshot | None) -> int:
    parking = asyncio.create_task(live.park(max_bytes=9))
    await asyncio.sleep(0)
    live.dumped(Dumped(1, "a", snapshot))
    return await parking


def test_a_parked_stream_has_left_the_worker_and_takes_nothing() -> None:
    async def scenario() -> None:
        live, posted, ends = stream()
        assert await parked(live, posted, StreamSnapshot(b"xyz")) == 3
        assert posted == [Play("a", None), Dump(1, "a", 9), Close("a")]
        assert ends == [StopReason.CLOSED]
        live.send(ControlUpdate(1))
        live.play(Playhead(0, 0.0, 1.0))
        assert len(posted) == 3
        assert (await live.dump()).state == b"xyz"
        live.finish(StopReason.CLOSED, None)
        assert ends == [StopReason.CLOSED]
        assert isinstance(await live.next_event(), StreamStopped)

    asyncio.run(scenario())


def test_a_state_that_is_too_large_stays_in_the_worker() -> None:
    async def scenario() -> None:
        live, posted, ends = stream()
        assert await parked(live, posted, None) == 0
        assert ends == []
        await live.resume()
        live.send(ControlUpdate(1))
        assert posted[-1] == Send("a", ControlUpdate(1))

    asyncio.run(scenario())

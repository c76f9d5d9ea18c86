import asyncio

import numpy as np
import pytest

from scope.control import ControlUpdate
from scope.engine.api import Playhead, StreamFigures
from scope.engine.live_stream import LiveStream
from scope.engine.messages import Close, Command, LoadedPipeline, Play, Send
from scope.events import PauseChanged, StopReason, StreamStopped
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

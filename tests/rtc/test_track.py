import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiortc.mediastreams import MediaStreamError

from scope.frames import EncodedFrame
from scope.rtc.track import MAX_WAITING_FRAMES, GeneratedVideoTrack

Run = Callable[[Coroutine[Any, Any, None]], None]


def frame(index: int, *, keyframe: bool = False) -> EncodedFrame:
    return EncodedFrame(b"%d" % index, "VP8", index * 3000, keyframe, index, 0)


class Taker:
    """Takes frames as a sender does; `full` ones it refuses."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.full = False

    def take(self, frame: EncodedFrame) -> bool:
        if not self.full:
            self.taken.append(frame.index)
        return not self.full


def test_what_waits_for_the_sender_comes_first(run: Run) -> None:
    async def scenario() -> None:
        track, taker = GeneratedVideoTrack(), Taker()
        assert track.push(frame(4, keyframe=True))
        assert track.push(frame(5))
        assert track.sent_frames == 0
        track.send_to(taker.take)
        assert track.push(frame(6))
        assert taker.taken == [4, 5, 6]
        assert track.sent_frames == 3

    run(scenario())


def test_nothing_starts_before_a_keyframe(run: Run) -> None:
    async def scenario() -> None:
        track, taker = GeneratedVideoTrack(), Taker()
        assert not track.push(frame(0))
        assert track.push(frame(1, keyframe=True))
        assert track.push(frame(2))
        track.send_to(taker.take)
        assert taker.taken == [1, 2]
        assert track.dropped_frames == 1

    run(scenario())


def test_a_sender_that_never_begins_is_kept_a_few_frames_from_a_keyframe_on(run: Run) -> None:
    async def scenario() -> None:
        track, taker = GeneratedVideoTrack(), Taker()
        track.push(frame(0, keyframe=True))
        for index in range(1, MAX_WAITING_FRAMES):
            assert track.push(frame(index))
        assert not track.push(frame(50))
        assert not track.push(frame(51))
        assert track.push(frame(52, keyframe=True))
        track.send_to(taker.take)
        assert taker.taken == [52]
        assert track.dropped_frames == MAX_WAITING_FRAMES + 2

    run(scenario())


def test_a_keyframe_that_finds_no_room_makes_it(run: Run) -> None:
    async def scenario() -> None:
        track, taker = GeneratedVideoTrack(), Taker()
        for index in range(MAX_WAITING_FRAMES):
            track.push(frame(index, keyframe=True))
        assert track.push(frame(99, keyframe=True))
        track.send_to(taker.take)
        assert taker.taken == [99]

    run(scenario())


def test_a_sender_that_does_not_keep_up_goes_on_with_the_next_keyframe(run: Run) -> None:
    async def scenario() -> None:
        track, taker = GeneratedVideoTrack(), Taker()
        track.send_to(taker.take)
        assert track.push(frame(0, keyframe=True))
        taker.full = True
        assert not track.push(frame(1))
        taker.full = False
        assert not track.push(frame(2))
        assert track.push(frame(3, keyframe=True))
        assert taker.taken == [0, 3]
        assert (track.sent_frames, track.dropped_frames) == (2, 2)

    run(scenario())


def test_a_sender_may_end_the_track_over_a_frame(run: Run) -> None:
    async def scenario() -> None:
        track = GeneratedVideoTrack()

        def fail(_: EncodedFrame) -> bool:
            track.stop()
            return True

        track.push(frame(0, keyframe=True))
        track.push(frame(1))
        track.send_to(fail)
        assert track.push(frame(2)), "nothing can help, so nothing is asked for"
        assert track.sent_frames == 0

    run(scenario())


def test_who_waits_for_a_frame_hears_of_the_end(run: Run) -> None:
    async def scenario() -> None:
        track = GeneratedVideoTrack()
        receiving = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0)
        track.push(frame(1, keyframe=True))
        track.stop()
        with pytest.raises(MediaStreamError):
            await receiving

    run(scenario())

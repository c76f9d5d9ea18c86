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


async def waiting(track: GeneratedVideoTrack) -> list[int]:
    numbers = []
    while track._frames:
        numbers.append(int(bytes(await track.recv())))
    return numbers


def test_frames_come_out_as_packets_with_their_time(run: Run) -> None:
    async def scenario() -> None:
        track = GeneratedVideoTrack()
        assert track.push(frame(4, keyframe=True))
        packet = await track.recv()
        assert (bytes(packet), packet.pts, packet.time_base.denominator) == (b"4", 12_000, 90_000)
        assert track.sent_frames == 1

    run(scenario())


def test_nothing_starts_before_a_keyframe(run: Run) -> None:
    async def scenario() -> None:
        track = GeneratedVideoTrack()
        assert not track.push(frame(0))
        assert track.push(frame(1, keyframe=True))
        assert track.push(frame(2))
        assert await waiting(track) == [1, 2]
        assert track.dropped_frames == 1

    run(scenario())


def test_a_sender_that_does_not_keep_up_skips_to_the_next_keyframe(run: Run) -> None:
    async def scenario() -> None:
        track = GeneratedVideoTrack()
        track.push(frame(0, keyframe=True))
        for index in range(1, MAX_WAITING_FRAMES):
            assert track.push(frame(index))
        assert not track.push(frame(50))
        assert not track.push(frame(51))
        assert track.push(frame(52, keyframe=True))
        assert await waiting(track) == [52]
        assert track.dropped_frames == MAX_WAITING_FRAMES + 2

    run(scenario())


def test_a_keyframe_that_finds_no_room_makes_it(run: Run) -> None:
    async def scenario() -> None:
        track = GeneratedVideoTrack()
        for index in range(MAX_WAITING_FRAMES):
            track.push(frame(index, keyframe=True))
        assert track.push(frame(99, keyframe=True))
        assert await waiting(track) == [99]

    run(scenario())


def test_a_waiting_sender_is_woken_by_a_frame_and_by_the_end(run: Run) -> None:
    async def scenario() -> None:
        track = GeneratedVideoTrack()
        receiving = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0)
        track.push(frame(1, keyframe=True))
        assert bytes(await receiving) == b"1"
        receiving = asyncio.ensure_future(track.recv())
        await asyncio.sleep(0)
        track.stop()
        with pytest.raises(MediaStreamError):
            await receiving

    run(scenario())

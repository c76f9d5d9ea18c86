"""Frames go out when they are due, to those who watch, and to nobody's account otherwise."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest

from scope.clock import MonotonicClock
from scope.media.encoder import EncoderPool
from scope.sessions.player import STILL_EVERY_S, Player, Sent

pytestmark = pytest.mark.anyio


class Stage:
    """A player at work, and what it said went out."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.pool = EncoderPool(1)
        self.sent: list[Sent] = []
        self.player = Player(
            handle=handle, pool=self.pool, clock=MonotonicClock(), sent=self.sent.append
        )
        self.task = asyncio.create_task(self.player.run())

    async def end(self) -> None:
        self.handle.frames.close()
        self.player._running.set()
        async with asyncio.timeout(5):
            await self.task
        self.player.close()
        self.pool.close()


@pytest.fixture
async def stage(handle: Any) -> AsyncIterator[Stage]:
    made = Stage(handle)
    yield made
    await made.end()


async def test_nothing_is_wanted_of_the_engine_before_somebody_watches(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    handle.make()
    await asyncio.sleep(0.01)
    assert handle.played == []
    assert len(handle.frames) == 2
    peer = make_peer()
    stage.player.add(peer)
    assert handle.played[0].index == 0
    await peer.has(2)
    assert peer.pushed[0].keyframe
    assert not peer.pushed[1].keyframe


async def test_frames_keep_their_distance(stage: Stage, handle: Any, make_peer: Any) -> None:
    peer = make_peer()
    stage.player.add(peer)
    handle.make(10)
    await peer.has(10)
    steps = [b.pts - a.pts for a, b in zip(peer.pushed, peer.pushed[1:], strict=False)]
    assert steps == [900] * 9
    gaps = [b.now_s - a.now_s for a, b in zip(stage.sent, stage.sent[1:], strict=False)]
    assert sum(gaps) > 0.06
    assert sorted(gaps)[4] == pytest.approx(0.01, abs=0.006)  # one may be late, not half of them


async def test_a_hold_in_the_middle_of_a_chunk_shows_what_is_encoded_and_no_more(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    peer = make_peer()
    stage.player.add(peer)
    handle.make(60)
    await peer.has(20)
    stage.player.hold(True)
    await asyncio.sleep(0.01)
    shown = [sent.frame.index for sent in stage.sent]
    assert shown == list(range(len(shown)))
    assert len(shown) < 60
    last = stage.player.last_frame
    assert last is not None
    assert last.index == shown[-1]


async def test_two_codecs_are_encoded_once_each(stage: Stage, handle: Any, make_peer: Any) -> None:
    peers = [make_peer("a"), make_peer("b"), make_peer("c", codec="H264")]
    for peer in peers:
        stage.player.add(peer)
    handle.make()
    for peer in peers:
        await peer.has(2)
    assert peers[0].pushed[0] is peers[1].pushed[0]
    assert peers[2].pushed[0].codec == "H264"


async def test_the_memory_of_a_frame_is_given_back_at_once(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    peer = make_peer()
    stage.player.add(peer)
    handle.make()
    await peer.has(2)
    assert handle.released == [0, 1]
    assert stage.player.last_frame is not None
    assert stage.player.last_frame.index == 1


async def test_a_silent_viewer_stops_generation_and_its_return_restarts_it(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    peer = make_peer()
    stage.player.add(peer)
    stage.player.quieten(peer, True)
    assert handle.played[-1] is None
    assert not stage.player.is_running
    stage.player.quieten(peer, False)
    assert handle.played[-1] is not None


async def test_generation_goes_on_while_one_of_two_is_there(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    a, b = make_peer("a"), make_peer("b")
    stage.player.add(a)
    stage.player.add(b)
    stage.player.quieten(a, True)
    stage.player.remove(b)
    assert handle.played[-1] is None
    stage.player.add(b)
    assert handle.played[-1] is not None
    stage.player.remove(b)
    stage.player.remove(a)
    assert handle.played[-1] is None
    stage.player.remove(a)


async def test_a_hold_stands_still_at_once_and_goes_on_in_order(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    peer = make_peer()
    stage.player.add(peer)
    handle.make(2)
    await peer.has(2)
    stage.player.hold(True)
    assert handle.played[-1] is None
    handle.make(4)
    shown = len(stage.sent)
    await asyncio.sleep(0.05)
    assert len(stage.sent) <= shown + 1
    stage.player.hold(False)
    await peer.has(6)
    pts = [packet.pts for packet in peer.pushed]
    assert pts == sorted(set(pts))


async def test_who_comes_while_the_picture_stands_still_sees_it(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    first, late = make_peer("first"), make_peer("late")
    stage.player.add(first)
    handle.make(2)
    await first.has(2)
    stage.player.hold(True)
    stage.player.add(late)
    await late.has(1)
    assert late.pushed[0].index == 1
    sent = len(stage.sent)
    async with asyncio.timeout(3 * STILL_EVERY_S + 2):
        while not any(packet.keyframe for packet in late.pushed):
            await late.has(len(late.pushed) + 1)
    assert len(stage.sent) == sent, "a still is not a frame"


async def test_a_stream_held_from_the_start_shows_its_first_picture(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    stage.player.hold(True)
    handle.make(2)
    peer = make_peer()
    stage.player.add(peer)
    await peer.has(1)
    assert peer.pushed[0].keyframe
    assert peer.pushed[0].index == 0
    assert handle.played == []


async def test_strangers_are_ignored(stage: Stage, make_peer: Any) -> None:
    stranger = make_peer()
    stage.player.remove(stranger)
    stage.player.quieten(stranger, True)
    stage.player.keyframe_wanted(stranger)
    stage.player.estimated(stranger, 100)
    assert stage.player.bitrate_kbps == 0


async def test_a_lost_picture_earns_a_keyframe(stage: Stage, handle: Any, make_peer: Any) -> None:
    peer = make_peer()
    stage.player.add(peer)
    handle.make(2)
    await peer.has(2)
    stage.player.keyframe_wanted(peer)
    handle.make(120)
    await peer.has(122)
    keyframes = [packet.pts for packet in peer.pushed if packet.keyframe]
    assert len(keyframes) == 2
    assert keyframes[1] - keyframes[0] >= 90_000, "a second after the first one"


async def test_a_player_that_is_cancelled_holds_no_memory_of_the_engine(
    handle: Any, make_peer: Any
) -> None:
    stage = Stage(handle)
    peer = make_peer()
    stage.player.add(peer)
    handle.make(2)
    memory = weakref.ref(handle.frames._frames[-1].pixels.base)
    await peer.has(2)
    stage.task.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await stage.task
    handle.frames.leave()
    assert cancelled.value.__traceback__ is not None, "which keeps what waited"
    assert memory() is None
    stage.player.close()
    stage.pool.close()


async def test_a_stream_that_rests_is_wanted_by_nobody_and_goes_on_afterwards(
    stage: Stage, handle: Any, make_peer: Any
) -> None:
    stage.player.add(make_peer())
    stage.player.rest(True)
    assert handle.played[-1] is None
    stage.player.play_unwatched()
    assert not stage.player.is_running
    stage.player.rest(False)
    assert handle.played[-1] is not None
    assert stage.player.is_running

"""Which frames come next, and when each is due."""

from typing import Any

import pytest

from scope.clock import MonotonicClock
from scope.frames import Frame
from scope.sessions.reel import Reel

pytestmark = pytest.mark.anyio


@pytest.fixture
def reel(handle: Any) -> Reel:
    made = Reel(handle=handle, clock=MonotonicClock())
    for _ in range(100):
        made.ahead.took(0.00001, frames=1)
    return made


async def first(reel: Reel) -> Frame:
    frame = await reel.next()
    assert frame is not None
    return frame


async def test_the_first_frame_of_a_run_is_not_kept_waiting(reel: Reel, handle: Any) -> None:
    reel.start()
    handle.make(2)
    shots = reel.shots(await first(reel), after_pts=-1)
    assert [shot.frame.index for shot in shots] == [0]


async def test_frames_of_one_chunk_are_taken_together_and_evenly_spaced(
    reel: Reel, handle: Any
) -> None:
    reel.start()
    handle.make(5)
    reel.shots(await first(reel), after_pts=-1)
    shots = reel.shots(await first(reel), after_pts=0)
    assert [shot.frame.index for shot in shots] == [1, 2, 3, 4]
    assert [shot.pts for shot in shots] == [900, 1800, 2700, 3600]
    assert handle.released == [0, 1, 2, 3, 4]


async def test_the_next_chunk_is_left_for_an_update_that_acts_now(reel: Reel, handle: Any) -> None:
    reel.start()
    handle.make(3)
    handle.make(3)
    reel.shots(await first(reel), after_pts=-1)
    assert [shot.frame.index for shot in reel.shots(await first(reel), after_pts=0)] == [1, 2]
    assert len(handle.frames) == 3


async def test_media_time_never_goes_back(reel: Reel, handle: Any) -> None:
    reel.start()
    handle.make(3)
    reel.shots(await first(reel), after_pts=-1)
    shots = reel.shots(await first(reel), after_pts=5000)
    assert [shot.pts for shot in shots] == [5001, 5002]


async def test_the_engine_hears_where_playback_is(reel: Reel, handle: Any) -> None:
    reel.start()
    handle.make(2)
    frame = await first(reel)
    shots = reel.shots(frame, after_pts=-1)
    assert [playhead.index for playhead in handle.played] == [0, 0]
    assert handle.played[-1].due_s == shots[0].due_s
    reel.stop()
    assert handle.played[-1] is None


async def test_the_end_is_no_frame(reel: Reel, handle: Any) -> None:
    assert reel.next_nowait() is None
    handle.make(1)
    frame = reel.next_nowait()
    assert frame is not None
    assert frame.index == 0
    handle.frames.close()
    assert await reel.next() is None

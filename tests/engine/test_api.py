from hypothesis import given
from hypothesis import strategies as st

from scope.control import ControlUpdate
from scope.engine.api import Engine, OpenRequest, Playhead, StreamHandle
from scope.engine.inline_engine import InlineEngine
from scope.engine.live_stream import LiveStream
from scope.engine.process_engine import ProcessEngine


@given(st.integers(0, 10**6), st.floats(0, 1e6), st.floats(0.001, 10), st.integers(0, 1000))
def test_a_playhead_tells_when_the_next_frame_is_due(
    index: int, due_s: float, period_s: float, ahead: int
) -> None:
    playhead = Playhead(index, due_s, period_s)
    assert playhead.dry_at_s(index) == due_s
    assert playhead.dry_at_s(index + ahead) >= playhead.dry_at_s(index)


def test_a_request_without_wishes_is_revision_zero() -> None:
    assert OpenRequest("a").initial == ControlUpdate(revision=0)


def test_both_homes_are_engines() -> None:
    homes: tuple[type[Engine], ...] = (InlineEngine, ProcessEngine)
    handle: type[StreamHandle] = LiveStream
    assert all(homes)
    assert handle

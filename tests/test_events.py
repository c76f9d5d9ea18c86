"""Events are plain values that cross a process boundary."""

import pickle

from scope.events import ErrorInfo, StopReason, StreamStopped


def test_an_event_survives_the_pipe() -> None:
    event = StreamStopped("s", StopReason.WORKER_LOST, ErrorInfo("worker_lost", "gone"))
    assert pickle.loads(pickle.dumps(event)) == event

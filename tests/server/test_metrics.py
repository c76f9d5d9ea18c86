"""Nothing is counted twice, nothing outlives its session."""

from scope.clock import ManualClock
from scope.server.loop_lag import LoopLag
from scope.server.metrics import Metrics


def test_two_apps_keep_two_registries() -> None:
    for _ in range(2):
        text = Metrics(list, lag=LoopLag(), clock=ManualClock()).text().decode()
        assert "scope_sessions 0.0" in text
        assert "session=" not in text


def test_the_lag_of_the_loop_is_told() -> None:
    lag = LoopLag()
    lag.note(0.25)
    text = Metrics(list, lag=lag, clock=ManualClock()).text().decode()
    assert "scope_event_loop_lag_max_seconds 0.25" in text

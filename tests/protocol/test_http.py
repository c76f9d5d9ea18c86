"""Response bodies have the keys clients read."""

from scope.errors import AtCapacity, InvalidParameters
from scope.protocol.http import (
    HardwareResponse,
    HealthResponse,
    IceServer,
    IceServersResponse,
    MetricsResponse,
    ParametersResponse,
    PeerMetrics,
    Problem,
    ReadinessResponse,
    SessionMetrics,
)


def test_health_says_healthy_and_when() -> None:
    body = HealthResponse(timestamp="t", server_start_time="s", version="1", git_commit="abc")
    assert body.model_dump() == {
        "status": "healthy",
        "timestamp": "t",
        "server_start_time": "s",
        "version": "1",
        "git_commit": "abc",
    }


def test_readiness_has_a_reason_when_it_is_not() -> None:
    assert ReadinessResponse(ready=False, reason="draining").model_dump() == {
        "ready": False,
        "reason": "draining",
    }


def test_no_gpu_is_null() -> None:
    assert HardwareResponse(cpu_count=2).model_dump()["vram_gb"] is None


def test_ice_servers_go_straight_into_a_peer_connection() -> None:
    servers = [
        IceServer(urls="stun:a"),
        IceServer(urls=["turn:b"], username="u", credential="c"),
    ]
    body = IceServersResponse(ice_servers=servers)
    assert body.model_dump(by_alias=True, exclude_none=True) == {
        "iceServers": [
            {"urls": "stun:a"},
            {"urls": ["turn:b"], "username": "u", "credential": "c"},
        ]
    }


def test_an_error_becomes_a_body_with_detail_and_code() -> None:
    assert Problem.of(InvalidParameters("seed: no", field="seed")).model_dump(
        exclude_none=True
    ) == {"detail": "seed: no", "code": "invalid_parameters", "field": "seed"}
    full = Problem.of(AtCapacity("full", reason="two streams", retry_after_s=4))
    assert full.model_dump(exclude_none=True) == {
        "detail": "full",
        "code": "at_capacity",
        "reason": "two streams",
        "retry_after": 4.0,
    }


def test_metrics_are_per_session_with_their_peers() -> None:
    peer = PeerMetrics(id="p", codec="VP8", connected=True, frames_sent=1, frames_dropped=0)
    session = SessionMetrics(
        session_id="s",
        pipeline_id="vista",
        frames_made=12,
        frames_sent=11,
        frames_dropped=0,
        queue=1,
        fps=16,
        peers=[peer],
    )
    body = MetricsResponse(sessions={"s": session}).model_dump()
    assert body["sessions"]["s"]["peers"][0]["codec"] == "VP8"


def test_parameters_come_with_their_warnings() -> None:
    body = ParametersResponse(parameters={"seed": 1}, warnings=["volume"])
    assert body.model_dump() == {"parameters": {"seed": 1}, "warnings": ["volume"]}

"""Bodies of the remaining HTTP routes: health, hardware, ICE servers, metrics, problems."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scope.errors import ScopeError


class _Response(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class HealthResponse(_Response):
    """GET /health. Times are ISO 8601."""

    status: Literal["healthy"] = "healthy"
    timestamp: str
    server_start_time: str
    version: str
    git_commit: str


class ReadinessResponse(_Response):
    """GET /health/ready (503 unless `ready`) and /health/live."""

    ready: bool
    reason: Literal["loading", "draining", "worker_down", "not_loaded", "error"] | None = None


class HardwareResponse(_Response):
    """GET /api/v1/hardware/info. vram_gb is None without a GPU."""

    vram_gb: float | None = None
    gpu: str | None = None
    cpu_count: int
    memory_gb: float | None = None
    spout_available: bool = False


class IceServer(_Response):
    """One RTCIceServer, as a browser takes it."""

    urls: str | list[str]
    username: str | None = None
    credential: str | None = None

    def addresses(self) -> list[str]:
        """All of them, however many."""
        return [self.urls] if isinstance(self.urls, str) else self.urls


class IceServersResponse(_Response):
    """GET /api/v1/webrtc/ice-servers. Written with `by_alias=True, exclude_none=True`."""

    ice_servers: list[IceServer] = Field(alias="iceServers")


class PeerMetrics(_Response):
    """Figures of one connected peer."""

    id: str
    codec: str
    connected: bool
    frames_sent: int
    frames_dropped: int
    bitrate_kbps: float | None = None
    rtt_ms: float | None = None
    loss: float | None = None


class SessionMetrics(_Response):
    """Figures of one session. delay_ms: from a prompt to the first frame made with it.

    wire_ms: from the pipeline to the wire. bitrate_kbps: what the encoders aim at.
    """

    session_id: str
    pipeline_id: str
    frames_made: int
    frames_sent: int
    frames_dropped: int
    queue: int
    fps: float
    chunk_ms: float | None = None
    delay_ms: float | None = None
    wire_ms: float | None = None
    bitrate_kbps: int | None = None
    paused: bool = False
    peers: list[PeerMetrics] = []


class MetricsResponse(_Response):
    """GET /api/v1/session/metrics."""

    sessions: dict[str, SessionMetrics]


class ParametersResponse(_Response):
    """GET and POST /api/v1/session/parameters."""

    parameters: dict[str, Any]
    warnings: list[str] = []


class Problem(_Response):
    """The body of every other error. `detail` is what old clients read."""

    detail: str
    code: str
    field: str | None = None
    reason: str | None = None
    retry_after: float | None = None

    @classmethod
    def of(cls, error: ScopeError) -> "Problem":
        """An error of this project as a body."""
        return cls(
            detail=error.detail,
            code=error.code,
            field=error.field,
            reason=error.reason,
            retry_after=error.retry_after_s,
        )


class Fault(_Response):
    """One thing wrong with a body; loc leads to it."""

    type: str
    loc: list[str | int]
    msg: str


class Malformed(_Response):
    """The body of a 422 of a request whose shape is wrong already; `field` is the first fault."""

    detail: list[Fault]
    code: Literal["invalid_request"] = "invalid_request"
    field: str | None = None

"""Is it alive, is it ready, which build is it."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from scope.keys.access import Access
from scope.protocol.http import HealthResponse, ReadinessResponse
from scope.server.access import GuardedRoute, policy
from scope.server.services import Use

router = APIRouter(route_class=GuardedRoute, tags=["health"])


@router.get("/health")
@policy(Access.PUBLIC)
async def health(use: Use) -> HealthResponse:
    """The server answers; says nothing of the pipeline."""
    return HealthResponse(
        timestamp=datetime.now(UTC).isoformat(),
        server_start_time=use.build.started.isoformat(),
        version=use.build.version,
        git_commit=use.build.git_commit,
    )


@router.get("/health/live")
@policy(Access.PUBLIC)
async def live() -> ReadinessResponse:
    """The process runs and its event loop turns."""
    return ReadinessResponse(ready=True)


@router.get("/health/ready", responses={503: {"model": ReadinessResponse}})
@policy(Access.PUBLIC)
async def ready(use: Use, response: Response) -> ReadinessResponse:
    """A session could start now; else 503 and why not."""
    reason = "draining" if use.table.draining else use.desk.unreadiness()
    if reason is not None:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return ReadinessResponse.model_validate({"ready": reason is None, "reason": reason})

"""Which pipelines there are, which one is loaded, and loading another."""

from fastapi import APIRouter

from scope.keys.access import Access
from scope.protocol.pipeline import (
    LoadPipelineRequest,
    MessageResponse,
    PipelineSchemasResponse,
    PipelineStatusResponse,
)
from scope.server.access import GuardedRoute, policy
from scope.server.services import Use

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["pipeline"])


@router.post("/pipeline/load")
@policy(Access.ADMIN)
async def load(body: LoadPipelineRequest, use: Use) -> MessageResponse:
    """Begin to load a pipeline; `status` tells how far it is."""
    await use.desk.load(body.wanted())
    return MessageResponse(message="Pipeline loading initiated")


@router.post("/pipeline/unload")
@policy(Access.ADMIN)
async def unload(use: Use) -> MessageResponse:
    """End all streams and free the device."""
    await use.desk.unload()
    return MessageResponse(message="Pipeline unloaded")


@router.get("/pipeline/status")
@policy(Access.VIEW)
async def status(use: Use) -> PipelineStatusResponse:
    """What is loaded, or how far the load is, or why it failed."""
    return use.desk.status()


@router.get("/pipelines/schemas")
@policy(Access.VIEW)
async def schemas(use: Use) -> PipelineSchemasResponse:
    """Every pipeline with its parameters; those that can not run here with the reason."""
    return PipelineSchemasResponse(pipelines=await use.desk.schemas())

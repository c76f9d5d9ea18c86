"""The machine and the figures of the whole server."""

import asyncio

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from scope.keys.access import Access
from scope.protocol.http import HardwareResponse
from scope.server.access import GuardedRoute, policy
from scope.server.hardware import hardware
from scope.server.services import Use

router = APIRouter(route_class=GuardedRoute, tags=["system"])


@router.get("/api/v1/hardware/info")
@policy(Access.VIEW)
async def hardware_info() -> HardwareResponse:
    """GPU, its memory, processors; null without a GPU."""
    return await asyncio.to_thread(hardware)


@router.get("/metrics", response_class=Response)
@policy(Access.VIEW)
async def metrics(use: Use) -> Response:
    """For Prometheus."""
    return Response(use.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

"""Which adapters (LoRAs) can be named in a load."""

import asyncio

from fastapi import APIRouter

from scope.keys.access import Access
from scope.pipelines.adapters import AdapterFile, adapters_in
from scope.protocol.pipeline import LoraFile, LoraFilesResponse
from scope.server.access import GuardedRoute, policy
from scope.server.services import Use

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["pipeline"])


@router.get("/lora/list")
@policy(Access.VIEW)
async def lora_list(use: Use) -> LoraFilesResponse:
    """Every adapter in the server's folder; `path` is what a load and `lora_scales` take."""
    found = await asyncio.to_thread(adapters_in, use.settings.loras)
    return LoraFilesResponse(lora_files=[_told(file) for file in found])


@router.get("/loras")
@policy(Access.VIEW)
async def loras(use: Use) -> LoraFilesResponse:
    """The same list under its other name."""
    return await lora_list(use)


def _told(file: AdapterFile) -> LoraFile:
    folder, _, name = file.name.rpartition("/")
    return LoraFile(
        name=name.rpartition(".")[0],
        path=file.name,
        size_mb=round(file.size_bytes / 2**20, 2),
        folder=folder or None,
    )

"""Model files: what a pipeline needs, what is here, fetching it and stopping that."""

from typing import Annotated

from fastapi import APIRouter, Query

from scope.errors import StateError
from scope.hub.library import Stock
from scope.hub.progress import Progress
from scope.keys.access import Access
from scope.pipelines.artifacts import Artifact
from scope.protocol.pipeline import (
    DownloadProgress,
    MessageResponse,
    ModelArtifact,
    ModelsDownloadRequest,
    ModelsStatusResponse,
)
from scope.server.access import GuardedRoute, policy
from scope.server.services import Use

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models", tags=["models"])


@router.get("/status")
@policy(Access.VIEW)
async def status(
    use: Use, pipeline_id: Annotated[str, Query(max_length=128)]
) -> ModelsStatusResponse:
    """Whether a pipeline's files are here, each with size and licence, or how far they are."""
    spec = await use.desk.spec(pipeline_id)
    stock = await use.library.stock(spec)
    progress = use.library.progress(spec.id)
    return ModelsStatusResponse(
        pipeline_id=pipeline_id,
        downloaded=not stock.missing,
        progress=None if progress is None else _progress(progress),
        artifacts=[_artifact(artifact, stock) for artifact in stock.artifacts],
    )


@router.post("/download")
@policy(Access.ADMIN)
async def download(body: ModelsDownloadRequest, use: Use) -> MessageResponse:
    """Begin to fetch what a pipeline needs; `status` tells how far it is."""
    spec = await use.desk.spec(body.pipeline_id)
    stock = await use.library.stock(spec, body.load_params)
    if not stock.missing:
        return MessageResponse(message=f"Everything {spec.title} needs is here")
    use.library.require_reachable(spec, stock.missing)
    use.library.begin(spec.id, stock.missing)
    return MessageResponse(message="Model download started")


@router.post("/cancel")
@policy(Access.ADMIN)
async def cancel(use: Use) -> MessageResponse:
    """Stop the download; what has arrived is kept, and the next download continues it."""
    if not use.library.cancel():
        raise StateError("Nothing is being downloaded.")
    return MessageResponse(message="Model download stopped")


def _progress(progress: Progress) -> DownloadProgress:
    return DownloadProgress(
        is_downloading=progress.running,
        percentage=round(100 * progress.fraction, 1),
        current_artifact=progress.file,
        error=progress.error.detail if progress.error else None,
        code=progress.error.code if progress.error else None,
        stage=progress.stage if progress.running else None,
        words=progress.in_words(),
        bytes_done=progress.bytes_done,
        bytes_total=progress.bytes_total,
        bytes_per_s=progress.bytes_per_s,
        eta_s=progress.eta_s,
    )


def _artifact(artifact: Artifact, stock: Stock) -> ModelArtifact:
    return ModelArtifact(
        repository=artifact.repository,
        revision=artifact.revision,
        files=list(artifact.files),
        purpose=artifact.purpose,
        licence=artifact.licence,
        about_bytes=artifact.about_bytes,
        bytes_here=stock.bytes_here[artifact],
        downloaded=artifact not in stock.missing,
    )

"""The model files of one server: what each pipeline needs, what is here, the one download.

Decides that there is one download at a time, who may join it, and what is remembered of it.
Lives on the event loop; what blocks goes to a thread or to the download's own process.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scope.errors import ModelFilesMissing, StateError
from scope.hub.download import Download
from scope.hub.order import Order
from scope.hub.progress import Progress
from scope.hub.shelf import Shelf
from scope.pipelines.artifacts import Artifact, needed
from scope.pipelines.contract import PipelineSpec
from scope.pipelines.published import DEFAULT_LOAD, artifacts_of
from scope.settings import HubSettings


@dataclass(frozen=True, slots=True)
class Stock:
    """What one pipeline needs and what of it is here. missing is part of artifacts."""

    artifacts: tuple[Artifact, ...]
    missing: tuple[Artifact, ...]
    bytes_here: Mapping[Artifact, int]


class Library:
    """See the module."""

    def __init__(self, settings: HubSettings) -> None:
        self._settings = settings
        self.shelf = Shelf(settings.hub_cache)
        self._pipeline_id: str | None = None
        self._download: Download | None = None
        self._task: asyncio.Task[Progress] | None = None

    # What is here.

    def artifacts(
        self, spec: PipelineSpec, load_params: Mapping[str, Any] | None = None
    ) -> tuple[Artifact, ...]:
        """The files a load with these parameters uses."""
        return needed(announced(spec), defaults_of(spec) | dict(load_params or {}))

    async def stock(
        self, spec: PipelineSpec, load_params: Mapping[str, Any] | None = None
    ) -> Stock:
        """Look what of it is here."""
        artifacts = self.artifacts(spec, load_params)
        return await asyncio.to_thread(self._count, artifacts)

    def _count(self, artifacts: tuple[Artifact, ...]) -> Stock:
        return Stock(
            artifacts=artifacts,
            missing=self.shelf.missing(artifacts),
            bytes_here={artifact: self.shelf.bytes_here(artifact) for artifact in artifacts},
        )

    # The download.

    @property
    def running(self) -> str | None:
        """The pipeline whose files are being fetched."""
        return self._pipeline_id if self._task is not None and not self._task.done() else None

    def progress(self, pipeline_id: str) -> Progress | None:
        """How far the last download of that pipeline's files is or came."""
        if self._download is None or pipeline_id != self._pipeline_id:
            return None
        return self._download.progress

    def require_reachable(self, spec: PipelineSpec, missing: tuple[Artifact, ...]) -> None:
        """Raises ModelFilesMissing where nothing may be fetched."""
        if self._settings.hf_offline:
            raise ModelFilesMissing(
                f"{spec.title} needs files that are not here, and HF_HUB_OFFLINE forbids to fetch "
                f"them: {_listed(missing)}."
            )

    def order(self, artifacts: tuple[Artifact, ...]) -> Order:
        """What to fetch, from where, for whom."""
        token = self._settings.hf_token
        return Order(
            endpoint=self._settings.hf_endpoint.rstrip("/"),
            cache=self._settings.hub_cache,
            artifacts=artifacts,
            token=token.get_secret_value() if token else None,
        )

    def begin(self, pipeline_id: str, artifacts: tuple[Artifact, ...]) -> Download:
        """Begin to fetch. Raises StateError while another download runs."""
        if self.running is not None:
            raise StateError(f"Files of {self.running} are being downloaded already.")
        self._pipeline_id = pipeline_id
        self._download = Download(self.order(artifacts))
        self._task = asyncio.create_task(self._download.run(), name=f"download {pipeline_id}")
        return self._download

    async def join(self) -> Progress:
        """Wait for the running download; how it ended."""
        assert self._task is not None  # noqa: S101 - begun before
        return await asyncio.shield(self._task)

    def cancel(self) -> bool:
        """Stop the download; whether there was one. What has arrived stays."""
        if self.running is None or self._download is None:
            return False
        self._download.cancel()
        return True

    async def aclose(self) -> None:
        """End the download and its process."""
        self.cancel()
        if self._task is not None:
            await asyncio.wait([self._task])


def announced(spec: PipelineSpec) -> tuple[Artifact, ...]:
    """All files of a pipeline: its own list, or the published one of a pipeline known by name,
    which counts where the pipeline itself can not be imported.
    """
    return spec.artifacts or artifacts_of(spec.id)


def defaults_of(spec: PipelineSpec) -> dict[str, Any]:
    """The load parameters that count when a client names none."""
    fields: Mapping[str, Any] = spec.load_schema.get("properties", {})
    own = {name: field["default"] for name, field in fields.items() if "default" in field}
    return {**DEFAULT_LOAD, **own}


def how_to_fetch(spec: PipelineSpec, missing: tuple[Artifact, ...]) -> str:
    """What to do about missing files, in one sentence."""
    return (
        f"{spec.title} needs files that are not here: {_listed(missing)}. Fetch them with: "
        f"daydream-scope models download {spec.id}"
    )


def _listed(missing: tuple[Artifact, ...]) -> str:
    about = sum(artifact.about_bytes for artifact in missing)
    names = ", ".join(dict.fromkeys(artifact.repository for artifact in missing))
    return f"about {about / 10**9:.1f} GB from {names}"

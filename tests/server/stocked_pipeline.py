"""A test card that needs files from a hub, as a large model does."""

from typing import ClassVar

from scope.pipelines import contract
from scope.pipelines.artifacts import Artifact, require_files
from scope.pipelines.testcard import CardLoad, TestCard
from scope.settings import HubSettings

MODEL = Artifact(
    repository="maker/model",
    files=("models/base.pt", "config.json"),
    purpose="weights",
    licence="Apache-2.0",
    about_bytes=2**20,
)


class Stocked(TestCard):
    """Loads only where its files are."""

    id: ClassVar[str] = "stocked"
    title: ClassVar[str] = "Stocked"
    artifacts: ClassVar[tuple[Artifact, ...]] = (MODEL,)

    def __init__(self, load: CardLoad, *, device: str, progress: contract.Progress) -> None:
        require_files(HubSettings().hub_cache, MODEL)
        super().__init__(load, device=device, progress=progress)

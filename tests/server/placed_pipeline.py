"""A test card that says where it was put."""

from collections.abc import Mapping
from typing import ClassVar

from scope.pipelines.contract import Progress
from scope.pipelines.testcard import CardLoad, TestCard


class Placed(TestCard):
    id: ClassVar[str] = "placed"

    def __init__(self, load: CardLoad, *, device: str, progress: Progress) -> None:
        super().__init__(load, device=device, progress=progress)
        self._device = device

    def facts(self) -> Mapping[str, str | int | float | bool | None]:
        """Where it is."""
        return {**super().facts(), "device": self._device}

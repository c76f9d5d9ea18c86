"""vista keeps what every pipeline promises, with tiny random weights."""

from pathlib import Path

import pytest

from scope.pipelines.testing import PipelineContract
from scope.pipelines.vista.pipeline import Vista, VistaLoad
from training.export.tiny import write_tiny_package


class TestVistaContract(PipelineContract):
    pipeline = Vista
    folder: Path

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _package(cls, tmp_path_factory):
        cls.folder = tmp_path_factory.mktemp("vista")
        write_tiny_package(cls.folder)

    def load_params(self) -> VistaLoad:
        return VistaLoad(assets=self.folder, threads=1)

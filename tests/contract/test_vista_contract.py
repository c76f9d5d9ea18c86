"""vista keeps what every pipeline promises, with tiny random weights."""

import pytest

from scope.pipelines.testing import PipelineContract
from scope.pipelines.vista.pipeline import VistaLoad, vista_of
from training.export.tiny import write_tiny_package


class TestVistaContract(PipelineContract):
    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _package(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("vista")
        write_tiny_package(folder)
        cls.pipeline = vista_of(folder)

    def load_params(self) -> VistaLoad:
        return VistaLoad(threads=1, precision="f32")

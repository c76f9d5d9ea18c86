"""A small pipeline for the engine's parts, the same that the engine's contract runs on."""

from pathlib import Path
from typing import Any

import pytest

from scope.pipelines.contract import Pipeline
from scope.pipelines.registry import PipelineRef, resolve

FILE = Path(__file__).parent.parent / "contract" / "engine_pipelines.py"


@pytest.fixture(scope="session")
def noise_ref() -> PipelineRef:
    return PipelineRef(f"{FILE}:Noise", "noise")


@pytest.fixture(scope="session")
def noise_kind(noise_ref: PipelineRef) -> type[Pipeline[Any, Any]]:
    return resolve(noise_ref)


@pytest.fixture
def noise(noise_kind: type[Pipeline[Any, Any]]) -> Pipeline[Any, Any]:
    return noise_kind(noise_kind.LoadParams(), device="cpu", progress=lambda *_: None)

"""A hub with one model, and a cache folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scope.pipelines.artifacts import Artifact
from tests.hub.stub_hub import StubHub, stub_hub

WEIGHTS = bytes(range(256)) * 4096  # 1 MiB
CONFIG = b'{"dim": 8}\n'


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def hub() -> Iterator[StubHub]:
    files = {"maker/model/models/base.pt": WEIGHTS, "maker/model/config.json": CONFIG}
    with stub_hub(files=files, large={"maker/model/models/base.pt"}) as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def model() -> Artifact:
    return Artifact(
        repository="maker/model",
        files=("models/base.pt", "config.json"),
        purpose="weights",
        licence="Apache-2.0",
        about_bytes=2**20,
    )

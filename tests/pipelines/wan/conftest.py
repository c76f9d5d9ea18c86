"""A hub's cache of tiny models, written once; one thread, as tiny models like it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.pipelines.wan.hub_cache import write_cache


@pytest.fixture(scope="session")
def written_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cache(tmp_path_factory.mktemp("hub"))


@pytest.fixture(autouse=True)
def hub_cache(written_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where pipelines look for files."""
    monkeypatch.setenv("HF_HUB_CACHE", str(written_cache))
    return written_cache


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)

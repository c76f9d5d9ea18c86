"""Settings for the whole suite: what is random is never judged by how long it took, keys of
whoever runs it lock no server of a test, and libraries are no garbage.
"""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100
)
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys and passes are looked for, and written, where only this run does."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SCOPE_API_KEY_FILE", raising=False)
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield


def pytest_collection_finish() -> None:
    """Set aside the million objects of imported libraries: many tests collect garbage, and each
    time would go through all of them.
    """
    gc.collect()
    gc.freeze()

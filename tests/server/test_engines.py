"""The settings choose the engine's home."""

import pytest

from scope.engine.inline_engine import InlineEngine
from scope.engine.process_engine import ProcessEngine
from scope.server.engines import engine_of
from scope.settings import Settings

pytestmark = pytest.mark.anyio


async def test_a_process_of_its_own_is_the_default() -> None:
    assert isinstance(engine_of(Settings()), ProcessEngine)


async def test_a_thread_can_be_asked_for() -> None:
    assert isinstance(engine_of(Settings(engine="inline")), InlineEngine)

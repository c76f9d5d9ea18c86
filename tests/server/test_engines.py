"""The settings choose the engine's home."""

from typing import Literal
from unittest.mock import patch

import pytest

from scope.engine.api import LoadRequest, OpenRequest
from scope.engine.inline_engine import InlineEngine
from scope.engine.process_engine import ProcessEngine
from scope.pipelines.registry import PipelineRef
from scope.server.engines import engine_of
from scope.settings import Settings

pytestmark = pytest.mark.anyio


async def test_a_process_of_its_own_is_the_default() -> None:
    assert isinstance(engine_of(Settings()), ProcessEngine)


@pytest.mark.parametrize("home", ["process", "inline"])
async def test_models_go_to_the_device_of_the_settings(home: Literal["process", "inline"]) -> None:
    card = PipelineRef("tests.server.placed_pipeline:Placed", "placed")
    for device in ("auto", "cuda:1"):
        with patch("scope.server.engines.discover", lambda _extra: [card]):
            engine = engine_of(Settings(engine=home, device=device))
        await engine.start()
        try:
            await engine.load(LoadRequest("placed"))
            await engine.settled()
            handle = await engine.open(OpenRequest("one"))
        finally:
            await engine.aclose()
        assert handle.identity.facts["device"] == device


async def test_a_thread_can_be_asked_for() -> None:
    assert isinstance(engine_of(Settings(engine="inline")), InlineEngine)

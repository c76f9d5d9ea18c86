from typing import Any

import pytest

from scope.errors import PipelineNotLoaded
from scope.events import EngineStatus, ErrorInfo
from scope.pipelines.contract import PipelineSpec
from scope.sessions.readiness import NOT_LOADED, Readiness

SPEC = PipelineSpec("vista", "Vista", "", "1", {}, {})


class Engine:
    now = EngineStatus(state="loaded", pipeline_id="vista")

    def status(self) -> EngineStatus:
        return self.now

    def catalog(self) -> dict[str, PipelineSpec]:
        return {"vista": SPEC}


def ready(engine: Any) -> Readiness:
    return Readiness(engine, resolve={"longlive": "vista"}.get)  # type: ignore[arg-type]


def test_the_loaded_pipeline_is_ready_under_all_its_names() -> None:
    assert ready(Engine()).loaded() is SPEC
    assert ready(Engine()).require(None) is SPEC
    assert ready(Engine()).require(("longlive",)) is SPEC


def test_another_pipeline_than_the_loaded_one_is_named() -> None:
    with pytest.raises(PipelineNotLoaded, match="wan") as refused:
        ready(Engine()).require(("longlive", "wan"))
    assert refused.value.reason == "vista is loaded"


@pytest.mark.parametrize(
    ("status", "reason", "retry_after_s"),
    [
        (EngineStatus(), "not_loaded", None),
        (EngineStatus(state="loading"), "loading", 2.0),
        (EngineStatus(state="error", error=ErrorInfo("load_failed", "no room")), "no room", None),
    ],
)
def test_without_a_loaded_pipeline_the_reason_is_told(
    status: EngineStatus, reason: str, retry_after_s: float | None
) -> None:
    engine = Engine()
    engine.now = status
    assert ready(engine).loaded() is None
    with pytest.raises(PipelineNotLoaded, match=NOT_LOADED) as refused:
        ready(engine).require(None)
    assert (refused.value.reason, refused.value.retry_after_s) == (reason, retry_after_s)


def test_what_is_known_besides_the_engine_is_the_reason() -> None:
    engine = Engine()
    engine.now = EngineStatus()
    fetching = EngineStatus(state="loading", stage="fetching files")
    told = Readiness(engine, resolve=str, status=lambda: fetching)  # type: ignore[arg-type]
    with pytest.raises(PipelineNotLoaded) as refused:
        told.require(None)
    assert (refused.value.reason, refused.value.retry_after_s) == ("loading", 2.0)
    engine.now = EngineStatus(state="loaded", pipeline_id="vista")
    assert told.require(None) is SPEC

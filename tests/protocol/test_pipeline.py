"""Both forms of a load request mean the same."""

from typing import Any

import pytest
from pydantic import ValidationError

from scope.protocol.pipeline import (
    LoadPipelineRequest,
    ModelsStatusResponse,
    PipelineNode,
    PipelineSchema,
    PipelineStatusResponse,
)


def wanted(body: dict[str, Any]) -> list[tuple[str, dict[str, Any] | None]]:
    nodes = LoadPipelineRequest.model_validate(body).wanted()
    return [(node.pipeline_id, node.load_params) for node in nodes]


def test_the_short_form_gives_each_pipeline_the_same_parameters() -> None:
    body = {"pipeline_ids": ["a", "b"], "load_params": {"width": 512}}
    assert wanted(body) == [("a", {"width": 512}), ("b", {"width": 512})]


def test_the_long_form_gives_each_its_own_and_else_the_common_ones() -> None:
    body = {
        "pipelines": [
            {"node_id": "n", "pipeline_id": "a", "load_params": {"seed": 1}},
            {"pipeline_id": "b"},
        ],
        "load_params": {"seed": 2},
    }
    assert wanted(body) == [("a", {"seed": 1}), ("b", {"seed": 2})]


@pytest.mark.parametrize(
    "body", [{}, {"pipeline_ids": []}, {"pipelines": []}, {"load_params": {"width": 1}}]
)
def test_a_request_that_names_none_wants_none(body: dict[str, Any]) -> None:
    assert wanted(body) == []


@pytest.mark.parametrize(
    "body",
    [
        {"pipeline_ids": "vista"},
        {"pipeline_ids": [1]},
        {"pipeline_ids": ["a"] * 17},
        {"pipeline_ids": ["a"], "load_params": []},
        {"pipelines": [{"node_id": "n"}]},
        {"pipelines": {"pipeline_id": "a"}},
        {"pipeline_ids": ["a" * 2], "pipelines": [{"pipeline_id": "a" * 129}]},
    ],
)
def test_other_shapes_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LoadPipelineRequest.model_validate(body)


def test_a_node_is_a_value() -> None:
    assert PipelineNode(pipeline_id="a") == PipelineNode(pipeline_id="a")


def test_the_status_has_every_key_also_when_nothing_is_loaded() -> None:
    assert PipelineStatusResponse(status="not_loaded").model_dump() == {
        "status": "not_loaded",
        "pipeline_id": None,
        "load_params": None,
        "loaded_lora_adapters": None,
        "error": None,
        "code": None,
        "loading_stage": None,
        "produces_video": True,
        "produces_audio": False,
        "progress": None,
    }


def test_a_schema_says_why_a_pipeline_can_not_run() -> None:
    schema = PipelineSchema(
        id="x", name="X", config_schema={}, load_schema={}, unavailable="needs torch"
    )
    assert schema.model_dump()["unavailable"] == "needs torch"


def test_a_model_that_is_here_needs_no_progress() -> None:
    assert ModelsStatusResponse(pipeline_id="x", downloaded=True).model_dump() == {
        "pipeline_id": "x",
        "downloaded": True,
        "progress": None,
        "artifacts": [],
    }

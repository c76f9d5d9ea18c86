"""Loading over HTTP."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.anyio
SMALL = {"width": 512, "height": 128}


async def load(live: Any, **body: Any) -> Any:
    return await live.http.post("/api/v1/pipeline/load", json=body)


async def test_both_forms_of_a_load(live: Any) -> None:
    short = {"pipeline_ids": ["testcard"], "load_params": {**SMALL, "fps": 25}}
    node = {"node_id": "n", "pipeline_id": "testcard", "load_params": {**SMALL, "fps": 24}}
    for body, fps in ((short, 25), ({"pipelines": [node]}, 24)):
        answer = await load(live, **body)
        assert (answer.status_code, list(answer.json())) == (200, ["message"])
        await live.engine.settled()
        status = (await live.http.get("/api/v1/pipeline/status")).json()
        assert (status["status"], status["pipeline_id"]) == ("loaded", "testcard")
        assert status["load_params"]["fps"] == fps
        assert status["produces_video"]
        assert status["error"] is None


@pytest.mark.parametrize("body", [{}, {"pipeline_ids": []}, {"pipelines": []}])
async def test_an_empty_load_is_a_mistake(live: Any, body: dict[str, Any]) -> None:
    assert (await load(live, **body)).status_code == 400


async def test_an_unknown_pipeline_is_told_with_the_known_ones(live: Any) -> None:
    answer = await load(live, pipeline_ids=["nope"])
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_pipeline")
    assert "testcard" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("params", "field"),
    [({"width": 100_000}, "width"), ({"width": "wide"}, "width"), ({"sparkle": 1}, "sparkle")],
)
async def test_bad_load_parameters_name_their_field(
    live: Any, params: dict[str, Any], field: str
) -> None:
    answer = await load(live, pipeline_ids=["testcard"], load_params=params)
    assert answer.status_code == 422
    assert field in answer.json()["field"]
    assert live.engine.status().state == "loaded"


async def test_both_names_of_the_seed_mean_the_seed(live: Any, client: Any) -> None:
    assert (
        await load(live, pipeline_ids=["testcard"], load_params={**SMALL, "base_seed": 11})
    ).is_success
    await live.engine.settled()
    await client.start(live.http)
    assert (await client.notice("hello"))["seed"] == 11


async def test_a_new_load_tells_the_viewers_of_the_old_pipeline(live: Any, client: Any) -> None:
    await client.start(live.http)
    await client.notice("hello")
    await load(live, pipeline_ids=["testcard"], load_params=SMALL)
    stopped = await client.notice("stream_stopped")
    assert stopped["code"] == "pipeline_reloaded"
    assert stopped["retry_after"] > 0


async def test_every_pipeline_is_listed_with_its_schema(live: Any) -> None:
    listed = (await live.http.get("/api/v1/pipelines/schemas")).json()["pipelines"]
    card = listed["testcard"]
    assert card["id"] == "testcard"
    assert card["supported_modes"] == ["text"]
    assert "properties" in card["load_schema"]
    assert card["unavailable"] is None


@pytest.mark.parametrize("name", ["x" * 129, "\ud800"], ids=["long", "surrogate"])
async def test_a_name_that_can_be_none_is_refused_with_its_field(live: Any, name: str) -> None:
    body = json.dumps({"pipeline_ids": [name]})
    answer = await live.http.post(
        "/api/v1/pipeline/load", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["field"]) == (422, "pipeline_ids.0")

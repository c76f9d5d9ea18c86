"""Running sessions, from outside."""

import io
from typing import Any

import pytest
from PIL import Image

pytestmark = pytest.mark.anyio


async def test_a_change_by_rest_is_told_to_the_client(live: Any, client: Any) -> None:
    await client.start(live.http, prompts=["first"])
    await client.notice("hello")
    answer = await live.http.post(
        "/api/v1/session/parameters", json={"prompts": ["by rest"], "sparkle": 1}
    )
    assert answer.status_code == 200
    assert answer.json()["warnings"]
    told = await client.notice("parameters_updated")
    assert told["parameters"]["prompts"] == [{"text": "by rest", "weight": 1.0}]
    await client.notice("applied")
    refused = await live.http.post("/api/v1/session/parameters", json={"seed": "x"})
    assert refused.status_code == 422
    assert refused.json()["field"] == "seed"


async def test_the_newest_picture_can_be_fetched(live: Any, client: Any) -> None:
    assert (await live.http.get("/api/v1/session/frame")).status_code == 404
    await client.start(live.http, prompts=["postcard"], seed=5)
    await client.has_frames(2)
    jpeg = await live.http.get("/api/v1/session/frame?quality=50")
    assert jpeg.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(jpeg.content)).size == (512, 128)
    png = await live.http.get(f"/api/v1/session/frame?format=png&session_id={client.session_id}")
    picture = Image.open(io.BytesIO(png.content))
    picture.load()
    assert (picture.info["prompt"], picture.info["seed"]) == ("postcard", "5")


async def test_the_figures_of_a_session(live: Any, client: Any) -> None:
    await client.start(live.http)
    await client.has_frames(10)
    client.say(prompts=["measure me"])
    await client.notice("applied")
    sessions = (await live.http.get("/api/v1/session/metrics")).json()["sessions"]
    figures = sessions[client.session_id]
    assert figures["frames_sent"] >= 9
    assert figures["delay_ms"] > 0
    assert figures["peers"][0]["codec"] == "VP8"
    text = (await live.http.get("/metrics")).text
    assert f'scope_session_frames_sent_total{{session="{client.session_id}"}}' in text
    stats = await client.notice("stats")
    assert {"fps", "chunk_ms", "delay_ms", "queue", "bitrate_kbps", "rtt_ms", "loss"} <= set(stats)


async def test_without_a_session_there_is_nothing_to_see(live: Any) -> None:
    for path in ("parameters", "frame"):
        assert (await live.http.get(f"/api/v1/session/{path}")).status_code == 404
    assert (await live.http.post("/api/v1/session/parameters", json={})).status_code == 404
    assert (await live.http.get("/api/v1/session/metrics")).json() == {"sessions": {}}
    assert (await live.http.get("/api/v1/session/metrics?session_id=x")).status_code == 404


async def test_a_session_without_a_picture_yet_says_so(live: Any, client: Any) -> None:
    body = {"sdp": await client.offer_sdp(), "type": "offer"}
    assert (await live.http.post("/api/v1/webrtc/offer", json=body)).status_code == 200
    answer = await live.http.get("/api/v1/session/frame")
    assert answer.status_code == 409
    assert "retry-after" in answer.headers


@pytest.mark.parametrize("query", ["quality=0", "quality=101", "format=gif"])
async def test_a_wrong_query_is_refused(live: Any, query: str) -> None:
    assert (await live.http.get(f"/api/v1/session/frame?{query}")).status_code == 422

"""Playing without a peer, and playing again."""

import json
import threading
from typing import Any

import pytest
from pydantic import BaseModel

from scope.protocol.timeline import Timeline, timeline_of
from scope.server.routes import performance

pytestmark = pytest.mark.anyio


async def start(live: Any, **body: Any) -> dict[str, Any]:
    answer = await live.http.post("/api/v1/session/start", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def timeline(live: Any, session_id: str) -> dict[str, Any]:
    answer = await live.http.get(f"/api/v1/session/timeline?session_id={session_id}")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_a_session_without_a_peer_plays_and_can_be_watched(live: Any, second: Any) -> None:
    started = await start(live, parameters={"prompts": ["alone"], "seed": 5})
    assert (started["width"], started["height"], started["seed"]) == (512, 128, 5)
    await second.watch(live.http, f"?session_id={started['session_id']}")
    await second.has_frames(3)
    picture = await live.http.get("/api/v1/session/frame")
    assert picture.status_code == 200
    await second.close()
    stopped = await live.http.post(
        "/api/v1/session/stop", json={"session_id": started["session_id"]}
    )
    assert stopped.json() == {"stopped": [started["session_id"]]}
    assert (await live.http.get("/api/v1/session/timeline")).status_code == 404
    assert (await timeline(live, started["session_id"]))["frames"] >= 3
    gone = await live.http.get("/api/v1/session/timeline?session_id=x")
    assert gone.status_code == 404


async def test_a_performance_is_written_down_and_played_again(live: Any, client: Any) -> None:
    await client.start(live.http, prompts=["first"], seed=3)
    await client.notice("hello")
    client.say(prompts=["second"], _id="a")
    await client.notice("applied", _id="a")
    client.say(transition={"target_prompts": ["third"], "num_steps": 2}, apply="now", _id="b")
    applied = await client.notice("applied", _id="b")
    told = await timeline(live, client.session_id)
    assert told["pipeline"]["id"] == "testcard"
    assert told["pipeline"]["load_params"]["frames"] == 3
    assert told["made_with"].startswith("daydream-scope ")
    assert (told["seed"], told["chunk_frames"]) == (3, 3)
    assert told["initial"]["prompts"][0]["text"] == "first"
    assert told["events"][-1]["chunk"] == applied["chunk"]
    assert told["events"][-1]["apply"] == "now"
    again = await start(live, timeline=told)
    assert again["frames"] == told["frames"]
    assert "warnings" not in again or again["warnings"] == []

    async def replayed() -> list[dict[str, Any]]:
        copy = await timeline(live, again["session_id"])
        return [event for event in copy["events"] if event["chunk"] <= applied["chunk"]]

    expected = [{k: v for k, v in event.items() if k != "apply"} for event in told["events"]]
    while len(await replayed()) < len(expected):
        await client.has_frames(len(client.frames) + 1)
    assert await replayed() == expected


async def test_sessions_without_peers_count_in_capacity(serve: Any) -> None:
    live = await serve(max_sessions=1)
    await start(live)
    refused = await live.http.post("/api/v1/session/start", json={})
    assert refused.status_code == 503
    stopped = await live.http.post("/api/v1/session/stop", json={})
    assert len(stopped.json()["stopped"]) == 1
    await start(live, timeline=[{"at_s": 1, "prompts": ["x"]}])


async def test_an_hour_of_moving_a_slider_can_be_played_again(live: Any) -> None:
    events = [{"at_s": n / 10, "gain": 1.0, "note": "x" * 300} for n in range(2000)]
    body = {"timeline": {"events": events}}
    assert len(json.dumps(body)) > 600_000
    started = await live.http.post("/api/v1/session/start", json=body)
    assert started.status_code == 200, started.text[:300]
    huge = {"timeline": {"events": events * 15}}
    assert (await live.http.post("/api/v1/session/start", json=huge)).status_code == 413


async def test_a_long_timeline_keeps_nobody_else_waiting(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[threading.Thread] = []

    def read(value: Any) -> Timeline:
        where.append(threading.current_thread())
        return timeline_of(value)

    def written(played: Timeline, **options: Any) -> str:
        where.append(threading.current_thread())
        return BaseModel.model_dump_json(played, **options)

    monkeypatch.setattr(performance, "timeline_of", read)
    monkeypatch.setattr(Timeline, "model_dump_json", written)
    started = await start(live, timeline=[{"at_s": 1, "prompts": ["x"]}])
    await timeline(live, started["session_id"])
    assert len(where) == 2
    assert threading.main_thread() not in where


async def test_a_session_of_a_peer_is_not_stopped_here(live: Any, client: Any) -> None:
    await client.start(live.http)
    body = {"session_id": client.session_id}
    assert (await live.http.post("/api/v1/session/stop", json=body)).status_code == 403
    assert (await live.http.post("/api/v1/session/stop", json={})).json() == {"stopped": []}
    await client.has_frames(1)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"timeline": [{"prompts": ["when?"]}]}, 422, "events.0"),
        ({"timeline": {"events": [{"at_s": 0, "seed": -1}]}}, 422, "events.0.seed"),
        ({"timeline": {"version": 9}}, 422, "version"),
        ({"parameters": {"seed": "x"}}, 422, "seed"),
        ({"pipeline_id": "wan"}, 400, None),
        ({"timeline": {"pipeline": {"id": "wan"}}}, 400, None),
        ({"timeline": 3}, 422, None),
    ],
)
async def test_a_wrong_wish_is_refused_and_starts_nothing(
    live: Any, body: Any, status: int, field: str | None
) -> None:
    answer = await live.http.post("/api/v1/session/start", json=body)
    assert answer.status_code == status, answer.text
    if field is not None:
        assert answer.json()["field"] == field
    assert (await live.http.get("/api/v1/session/metrics")).json() == {"sessions": {}}


async def test_what_does_nothing_here_is_a_warning(live: Any) -> None:
    started = await start(
        live, timeline={"fps": 16, "events": [{"at_s": 1, "sparkle": 1}]}, parameters={"gain": 1}
    )
    told = " ".join(started["warnings"])
    assert all(word in told for word in ("sparkle", "gain", "fps"))

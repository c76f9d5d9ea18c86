"""The documented flow, over real HTTP and real WebRTC, against the test card."""

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from scope.rtc.api import PeerConfig
from scope.server import peers

pytestmark = pytest.mark.anyio


def colour_of(prompt: str) -> np.ndarray:
    digest = hashlib.sha256(prompt.encode()).digest()
    return np.array([40 + byte % 176 for byte in digest[:3]])


def shows(client: Any, prompt: str) -> bool:
    if not client.frames:
        return False
    patch = client.frames[-1].to_ndarray(format="rgb24")[16:48, 32:96]
    return bool(np.abs(patch.mean(axis=(0, 1)) - colour_of(prompt)).max() < 12)


def stops(client: Any) -> list[dict[str, Any]]:
    return [notice for notice in client.notices if notice["type"] == "stream_stopped"]


async def test_the_documented_flow_shows_video_and_obeys(live: Any, client: Any) -> None:
    await client.start(live.http, prompts=[{"text": "a red fox", "weight": 1.0}])
    hello = await client.notice("hello")
    await client.until(lambda: shows(client, "a red fox"))
    assert hello["sessionId"] == client.session_id
    assert (hello["width"], hello["height"], hello["fps"]) == (512, 128, 30.0)

    client.say(prompts=[{"text": "a blue whale"}], _id="7")
    applied = await client.notice("applied", _id="7")
    await client.until(lambda: shows(client, "a blue whale"))
    assert applied["revision"] == 1
    assert applied["ms"] > 0

    client.say(transition={"target_prompts": [{"text": "a green hill"}], "num_steps": 4})
    await client.until(lambda: shows(client, "a green hill"))

    answer = await live.http.delete(f"/api/v1/webrtc/offer/{client.session_id}")
    assert answer.status_code == 204
    assert await client.notice("stream_stopped") == {"type": "stream_stopped"}
    assert client.notices[-1]["type"] == "stream_stopped"
    assert len(stops(client)) == 1
    assert not live.services.table.sessions


async def test_the_confirmed_timestamp_is_that_of_the_frame_on_the_wire(
    live: Any, client: Any
) -> None:
    await client.start(live.http)
    await client.has_frames(3)
    client.say(prompts=["marked"])
    applied = await client.notice("applied")
    await client.until(lambda: shows(client, "marked"))
    assert isinstance(applied["rtp_timestamp"], int)
    assert applied["first_frame"] > 0


async def test_without_a_prompt_the_default_plays(live: Any, client: Any) -> None:
    await client.start(live.http)
    await client.has_frames(3)
    shown = (await live.http.get("/api/v1/session/parameters")).json()["parameters"]
    assert "seed" in shown
    assert isinstance(shown["prompts"], list)


async def test_two_viewers_share_one_stream_and_one_encoder(
    live: Any, client: Any, second: Any
) -> None:
    await client.start(live.http, prompts=["shared"])
    await client.has_frames(3)
    answer = await second.watch(live.http)
    await second.until(lambda: shows(second, "shared"))
    (session,) = live.services.table.sessions
    assert len(session.audience) == 2
    assert len(session.player._lanes) == 1
    assert live.engine.status().streams == 1

    gone = await live.http.delete(answer.headers["location"])
    assert gone.status_code == 200
    seen = len(client.frames)
    await client.has_frames(seen + 5)
    assert not stops(client)


async def test_a_viewer_who_joins_a_paused_stream_sees_its_last_picture(
    live: Any, client: Any, second: Any
) -> None:
    await client.start(live.http, prompts=["still life"])
    await client.until(lambda: shows(client, "still life"))
    client.say(paused=True)
    await client.notice("paused", paused=True)
    await second.watch(live.http)
    await second.until(lambda: shows(second, "still life"))


async def test_pausing_stops_generation_and_going_on_resumes_it(live: Any, client: Any) -> None:
    await client.start(live.http)
    await client.has_frames(3)
    client.say(paused=True)
    await client.notice("paused", paused=True)
    client.say(paused=False, prompts=["after the pause"])
    await client.until(lambda: shows(client, "after the pause"))


async def test_a_player_without_a_session_starts_one(live: Any, second: Any) -> None:
    answer = await second.watch(live.http)
    await second.has_frames(3)
    assert answer.headers["content-type"].startswith("application/sdp")
    assert answer.headers["etag"]
    assert len(live.services.table.sessions) == 1
    await live.http.delete(answer.headers["location"])
    await until(lambda: not live.services.table.sessions)


async def test_a_player_of_a_session_that_is_deleted_hears_that_it_was_not_its_wish(
    live: Any, client: Any, make_client: Callable[..., Any]
) -> None:
    viewer = make_client()
    await client.start(live.http)
    await client.has_frames(1)
    await viewer.watch(live.http, f"?session_id={client.session_id}")
    await viewer.notice("hello")
    viewer.say(prompts=["not mine to change"])
    await viewer.notice("error", code="forbidden")
    await live.http.delete(f"/api/v1/webrtc/offer/{client.session_id}")
    assert (await viewer.notice("stream_stopped"))["error_message"]
    assert stops(client) == [{"type": "stream_stopped"}]


async def test_a_bad_message_is_refused_and_the_stream_goes_on(live: Any, client: Any) -> None:
    await client.start(live.http)
    await client.notice("hello")
    client.say(seed=-1, prompts=["never shown"], _id="bad")
    refused = await client.notice("error", severity="error")
    assert (refused["field"], refused["_id"]) == ("seed", "bad")
    client.channel.send("no json")
    await client.until(lambda: len([n for n in client.notices if n["type"] == "error"]) == 2)
    seen = len(client.frames)
    await client.has_frames(seen + 5)
    shown = (await live.http.get("/api/v1/session/parameters")).json()["parameters"]
    assert {"text": "never shown", "weight": 1.0} not in shown["prompts"]


async def test_an_unknown_key_is_warned_of_once(live: Any, client: Any) -> None:
    await client.start(live.http)
    await client.notice("hello")
    for text in ("one", "two"):
        client.say(sparkle=True, prompts=[text])
    await client.until(lambda: shows(client, "two"))
    warned = [n["field"] for n in client.notices if n.get("severity") == "warning"]
    assert warned == ["sparkle"]


async def test_unloading_tells_every_viewer_why(live: Any, client: Any) -> None:
    await client.start(live.http)
    await client.notice("hello")
    assert (await live.http.post("/api/v1/pipeline/unload")).status_code == 200
    stopped = await client.notice("stream_stopped", within_s=2)
    assert stopped["code"] == "pipeline_unloaded"
    assert stopped["error_message"]
    assert len(stops(client)) == 1
    assert (await live.http.get("/api/v1/pipeline/status")).json()["status"] == "not_loaded"


async def test_a_client_that_leaves_frees_its_session(live: Any, client: Any) -> None:
    await client.start(live.http)
    await client.has_frames(2)
    await client.close()
    await until(lambda: not live.services.table.sessions)
    await until(lambda: live.engine.status().streams == 0)


async def test_a_client_that_never_connects_is_gone_at_the_deadline(
    serve: Callable[..., Any], client: Any
) -> None:
    live = await serve(connect_deadline_s=0.3)
    body = {"sdp": await client.offer_sdp(), "type": "offer"}
    assert (await live.http.post("/api/v1/webrtc/offer", json=body)).status_code == 200
    assert live.services.table.sessions
    await until(lambda: not live.services.table._sessions)
    assert live.engine.status().streams == 0


async def test_draining_tells_everybody_and_lets_nobody_in(
    serve: Callable[..., Any], client: Any, make_client: Callable[..., Any]
) -> None:
    live = await serve()
    await client.start(live.http)
    await client.notice("hello")
    drain = asyncio.create_task(live.services.table.drain(in_s=0.5))
    await client.notice("draining", in_s=0.5)
    late = {"sdp": await make_client().offer_sdp(), "type": "offer"}
    refused = await live.http.post("/api/v1/webrtc/offer", json=late)
    assert (refused.status_code, refused.json()["code"]) == (503, "draining")
    assert "retry-after" in refused.headers
    ready = await live.http.get("/health/ready")
    assert (ready.status_code, ready.json()["reason"]) == (503, "draining")
    await drain
    stopped = await client.notice("stream_stopped")
    assert stopped["code"] == "server_shutdown"
    assert stopped["error_message"]


async def test_a_client_that_floods_is_closed_with_a_reason(
    live: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "PeerConfig", partial(PeerConfig, flood_bytes=300_000))
    await client.start(live.http)
    await client.notice("hello")
    for _ in range(10):
        client.channel.send("x" * 60_000)
    stopped = await client.notice("stream_stopped", within_s=20)
    assert stopped["code"] == "flooding"
    assert stopped["error_message"]
    await until(lambda: not live.services.table._sessions)


async def until(done: Callable[[], Any], *, within_s: float = 10) -> None:
    """Wait for something nobody announces."""
    async with asyncio.timeout(within_s):
        while not done():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)

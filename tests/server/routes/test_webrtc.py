"""What an offer, its candidates and its end may look like, and what each mistake answers."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.anyio
OFFER = "/api/v1/webrtc/offer"
HOST_CANDIDATE = "candidate:1 1 udp 2130706431 192.168.1.7 50000 typ host"


async def audio_only() -> str:
    from aiortc import RTCConfiguration, RTCPeerConnection

    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.addTransceiver("audio", direction="recvonly")
    await pc.setLocalDescription(await pc.createOffer())
    sdp = pc.localDescription.sdp
    await pc.close()
    return str(sdp)


async def post(live: Any, sdp: Any, **more: Any) -> Any:
    return await live.http.post(OFFER, json={"sdp": sdp, "type": "offer", **more})


@pytest.mark.parametrize(
    ("sdp", "status"),
    [
        ("", 400),
        ("garbage", 400),
        ("v=0\r\n" * 10, 400),
        ("m=video", 400),
        ("v=0\r\n" + "a=x\r\n" * 3000, 413),
        ("v=0\r\n" + "a=" + "x" * 70_000, 413),
        (None, 422),
        (5, 422),
        ({"a": 1}, 422),
    ],
    ids=lambda value: str(value)[:12],
)
async def test_garbage_gets_a_readable_answer_and_leaves_nothing(
    live: Any, sdp: Any, status: int
) -> None:
    answer = await post(live, sdp)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert answer.json()["code"]
    assert not live.services.table._sessions
    assert live.engine.status().streams == 0


async def test_an_offer_without_video_is_refused_in_words(live: Any) -> None:
    answer = await post(live, await audio_only())
    assert answer.status_code == 400
    assert "video" in answer.json()["detail"]


async def test_only_offers_are_answered(live: Any, client: Any) -> None:
    body = {"sdp": await client.offer_sdp(), "type": "answer"}
    answer = await live.http.post(OFFER, json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, "type")


async def test_a_body_over_its_limit_is_refused(live: Any) -> None:
    answer = await post(live, "x" * 300_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"prompts": [{"text": "x" * 3000}]}, "prompts.0.text"),
        ({"denoising_step_list": [1, 2]}, "denoising_step_list"),
        ({"seed": -1}, "seed"),
        ({"paused": "yes"}, "paused"),
    ],
)
async def test_bad_initial_parameters_name_their_field(
    live: Any, client: Any, parameters: dict[str, Any], field: str
) -> None:
    answer = await post(live, await client.offer_sdp(), initialParameters=parameters)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert live.engine.status().streams == 0


async def test_without_a_pipeline_the_documented_sentence_is_answered(
    serve: Callable[..., Any], client: Any
) -> None:
    live = await serve(pipeline=None)
    answer = await post(live, await client.offer_sdp())
    assert answer.status_code == 400
    assert answer.json()["detail"] == "Pipeline not loaded. Please load pipeline first."
    assert answer.json()["code"] == "pipeline_not_loaded"
    assert answer.json()["reason"] == "not_loaded"


async def test_a_failed_load_is_told_as_the_reason(serve: Callable[..., Any], client: Any) -> None:
    live = await serve(pipeline="no-such-pipeline")
    status = (await live.http.get("/api/v1/pipeline/status")).json()
    assert status["status"] == "error"
    assert "no-such-pipeline" in status["error"]
    answer = await post(live, await client.offer_sdp())
    assert answer.status_code == 400
    assert "no-such-pipeline" in answer.json()["reason"]
    ready = await live.http.get("/health/ready")
    assert (ready.status_code, ready.json()["reason"]) == (503, "error")


async def test_pipelines_that_are_not_loaded_are_named(live: Any, client: Any) -> None:
    wanted = {"pipeline_ids": ["testcard", "longlive"]}
    answer = await post(live, await client.offer_sdp(), initialParameters=wanted)
    assert answer.status_code == 400
    assert "longlive" in answer.json()["detail"]
    assert "testcard" not in answer.json()["detail"]


async def test_what_a_model_for_a_gpu_is_loaded_with_does_for_its_alias(
    serve: Callable[..., Any],
) -> None:
    live = await serve(aliases={"longlive": "testcard"})
    params = {"height": 64, "width": 480, "seed": 42, "quantization": None, "vace_enabled": True}
    loaded = await live.http.post(
        "/api/v1/pipeline/load", json={"pipeline_ids": ["longlive"], "load_params": params}
    )
    assert loaded.status_code == 200, loaded.text
    status = await live.engine.settled()
    assert (status.state, status.load_params["seed"]) == ("loaded", 42)
    assert status.format.width >= 512  # its own, as the client's is too small for it


async def test_the_size_of_an_offer_is_judged_before_anything_else(
    serve: Callable[..., Any],
) -> None:
    live = await serve(pipeline=None)
    assert (await post(live, "v=0\r\n" + "a=x\r\n" * 3000)).status_code == 413


async def test_an_alias_names_the_loaded_pipeline(serve: Callable[..., Any], client: Any) -> None:
    live = await serve(aliases={"longlive": "testcard"})
    loaded = await live.http.post(
        "/api/v1/pipeline/load",
        json={"pipeline_ids": ["longlive"], "load_params": {"quantization": "fp8", "seed": 3}},
    )
    assert loaded.status_code == 200
    await live.engine.settled()
    status = (await live.http.get("/api/v1/pipeline/status")).json()
    assert (status["status"], status["pipeline_id"]) == ("loaded", "longlive")
    await client.start(live.http, pipeline_ids=["longlive"])
    assert (await client.notice("hello"))["seed"] == 3


async def test_an_offer_waits_for_the_pipeline_that_is_loaded_at_start(
    serve: Callable[..., Any], client: Any
) -> None:
    live = await serve()
    live.services.desk._started.clear()
    sdp = await client.offer_sdp()
    waiting = asyncio.create_task(post(live, sdp))
    done, _ = await asyncio.wait({waiting}, timeout=0.2)
    assert not done
    live.services.desk._started.set()
    assert (await waiting).status_code == 200


async def test_a_full_server_says_when_to_come_back(
    serve: Callable[..., Any], make_client: Callable[..., Any]
) -> None:
    live = await serve(max_sessions=1)
    first, other = make_client(), make_client()
    await first.start(live.http)
    answer = await post(live, await other.offer_sdp())
    assert (answer.status_code, answer.json()["code"]) == (503, "at_capacity")
    assert int(answer.headers["retry-after"]) >= 1


async def test_failing_offers_of_an_address_are_slowed_down(serve: Callable[..., Any]) -> None:
    live = await serve(failed_offers_burst=3, failed_offers_per_s=0.01)
    statuses = [(await post(live, "garbage")).status_code for _ in range(5)]
    assert statuses == [400, 400, 400, 429, 429]
    last = await post(live, "garbage")
    assert int(last.headers["retry-after"]) >= 1


async def test_offers_that_connect_are_not_counted(
    serve: Callable[..., Any], make_client: Callable[..., Any]
) -> None:
    live = await serve(failed_offers_burst=1)
    for _ in range(3):
        client = make_client()
        await client.start(live.http)
        await client.notice("hello")
        await client.close()


async def test_resuming_what_is_not_parked_harms_nobody(live: Any, client: Any) -> None:
    resume = {"sessionId": "x", "token": "y"}
    answer = await post(live, await client.offer_sdp(), resume=resume)
    assert answer.status_code == 404


@pytest.fixture
async def session_path(live: Any, client: Any) -> str:
    await client.start(live.http)
    await client.notice("hello")
    return f"{OFFER}/{client.session_id}"


@pytest.mark.parametrize(
    ("candidates", "status"),
    [
        ([{"candidate": HOST_CANDIDATE, "sdpMid": "0", "sdpMLineIndex": 0}], 204),
        ([{"candidate": HOST_CANDIDATE, "sdpMid": None, "sdpMLineIndex": None}], 204),
        ([{"candidate": ""}], 204),
        ([{"candidate": None}], 204),
        ([None], 204),
        ([], 204),
        ([{"candidate": "candidate:1 1 udp 1 169.254.169.254 5000 typ host"}], 204),
        ([{"candidate": "candidate:1 1 udp 1 10.0.0.1 22 typ host"}], 204),
        ([{"candidate": "nonsense"}], 422),
        ([{"candidate": 5}], 422),
        ([{"candidate": HOST_CANDIDATE}] * 33, 422),
        ([{"candidate": HOST_CANDIDATE}] * 5000, 413),
        ("none", 422),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_candidates(live: Any, session_path: str, candidates: Any, status: int) -> None:
    answer = await live.http.patch(session_path, json={"candidates": candidates})
    assert answer.status_code == status, answer.text


async def test_candidates_of_an_unknown_session_are_404(live: Any) -> None:
    answer = await live.http.patch(f"{OFFER}/nobody", json={"candidates": []})
    assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")


async def test_candidates_after_the_end_are_404(live: Any, session_path: str) -> None:
    await live.http.delete(session_path)
    answer = await live.http.patch(session_path, json={"candidates": []})
    assert answer.status_code == 404


async def test_deleting_twice_or_what_never_was_is_fine(
    live: Any, session_path: str, client: Any
) -> None:
    for path in (session_path, session_path, f"{OFFER}/nobody"):
        assert (await live.http.delete(path)).status_code == 204
    await client.notice("stream_stopped")
    assert len([n for n in client.notices if n["type"] == "stream_stopped"]) == 1


async def test_ice_servers_are_listed_as_a_browser_takes_them(
    serve: Callable[..., Any],
) -> None:
    live = await serve(stun_urls=("stun:stun.example:3478",))
    answer = await live.http.get("/api/v1/webrtc/ice-servers")
    assert answer.json() == {"iceServers": [{"urls": ["stun:stun.example:3478"]}]}

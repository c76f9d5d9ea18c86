"""Recordings over HTTP and the data channel."""

import io
from pathlib import Path
from typing import Any

import av
import pytest

pytestmark = pytest.mark.anyio


def decoded(content: bytes) -> list[Any]:
    with av.open(io.BytesIO(content)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        return list(container.decode(video=0))


async def post(live: Any, session_id: str, what: str) -> dict[str, Any]:
    answer = await live.http.post(f"/api/v1/recordings/{session_id}/{what}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_recording_is_made_of_the_packets_the_viewers_get(
    serve: Any, make_client: Any, tmp_path: Path
) -> None:
    live = await serve(codec="H264", recordings_folder=tmp_path)
    client, second = make_client(), make_client(channel=False)
    await client.start(live.http)
    await second.watch(live.http)
    await client.has_frames(3)
    await second.has_frames(3)
    started = await post(live, client.session_id, "start")
    assert (started["number"], started["recording"]) == (1, True)
    (session,) = live.services.table.sessions
    assert len(session.player._lanes) == 1  # one encode for the three
    running = await live.http.get(f"/api/v1/recordings/{client.session_id}")
    assert running.status_code == 409
    await client.has_frames(len(client.frames) + 60)
    stopped = await post(live, client.session_id, "stop")
    assert not stopped["recording"]
    assert stopped["seconds"] > 0.5
    file = await live.http.get(stopped["url"])
    assert file.headers["content-type"] == "video/mp4"
    pictures = decoded(file.content)
    assert (pictures[0].width, pictures[0].height) == (512, 128)
    shown = pictures[-1].time - pictures[0].time + 1 / 30
    assert shown == pytest.approx(stopped["seconds"], abs=0.4)


async def test_a_wish_on_the_data_channel_and_the_file_after_the_session(
    serve: Any, make_client: Any, tmp_path: Path
) -> None:
    live = await serve(recordings_folder=tmp_path)
    client = make_client()
    await client.start(live.http)
    await client.notice("hello")
    client.say(recording=True, prompts=["kept"], _id="a")
    await client.notice("applied", _id="a")
    await client.has_frames(len(client.frames) + 50)
    await live.http.delete(f"/api/v1/webrtc/offer/{client.session_id}")
    await client.notice("stream_stopped")
    stopped = await post(live, client.session_id, "stop")
    assert stopped["bytes"] > 0
    file = await live.http.get(f"/api/v1/recordings/{client.session_id}")
    assert len(decoded(file.content)) > 5
    assert not [n for n in client.notices if n["type"] == "error"]


async def test_a_session_that_was_offered_with_recording_is_recorded(
    serve: Any, make_client: Any, tmp_path: Path
) -> None:
    live = await serve(recordings_folder=tmp_path)
    client = make_client()
    await client.start(live.http, recording=True)
    await client.has_frames(45)
    client.say(recording=False, _id="off")
    await client.has_frames(len(client.frames) + 5)
    assert (await live.http.get(f"/api/v1/recordings/{client.session_id}")).status_code == 200


async def test_a_headless_session_can_be_recorded(serve: Any, tmp_path: Path) -> None:
    live = await serve(recordings_folder=tmp_path)
    started = await live.http.post("/api/v1/session/start", json={"parameters": {"seed": 1}})
    session_id = started.json()["session_id"]
    await post(live, session_id, "start")
    (session,) = live.services.table.sessions
    while not (await post(live, session_id, "start"))["seconds"] > 0.5:
        pass
    await live.http.post("/api/v1/session/stop", json={})
    await session.over.wait()
    await post(live, session_id, "stop")
    file = await live.http.get(f"/api/v1/recordings/{session_id}")
    assert len(decoded(file.content)) > 10


async def test_what_is_not_there_is_not_found(live: Any) -> None:
    for path in ("x", "x?number=2", "..%2Fx"):
        assert (await live.http.get(f"/api/v1/recordings/{path}")).status_code == 404
    assert (await live.http.post("/api/v1/recordings/x/start")).status_code == 404
    gone = await live.http.post("/api/v1/recordings/x/stop")
    assert (gone.status_code, gone.json()["code"]) == (404, "recording_not_found")
    assert (await live.http.get("/api/v1/recordings/x?number=0")).status_code == 422

"""Keys of each scope with real peers: who watches, who plays, who takes over, who is shown out."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.server.people import People, calling

pytestmark = pytest.mark.anyio
MINE = "/api/v1/session/parameters"


@dataclass
class House:
    """A locked server and its callers."""

    live: Any
    people: People
    admin: httpx2.AsyncClient
    stage: httpx2.AsyncClient
    desk: httpx2.AsyncClient
    guest: httpx2.AsyncClient

    async def prompts(self) -> Any:
        answer = await self.admin.get(MINE)
        return answer.json()["parameters"]["prompts"]

    async def take(self, caller: httpx2.AsyncClient, peer: Any) -> httpx2.Response:
        told = await peer.notice("control")
        return await caller.post("/api/v1/session/control", json={"peer_id": told["peerId"]})


@pytest.fixture
async def house(serve: Callable[..., Any], tmp_path: Path) -> AsyncIterator[House]:
    people = People(tmp_path / "keys.json")
    live = await serve(api_key_file=people.file.path)
    async with AsyncExitStack() as stack:
        callers = [
            await stack.enter_async_context(calling(live, key))
            for key in (people.admin, people.stage, people.desk, people.guest)
        ]
        yield House(live, people, *callers)


@pytest.fixture
async def watching(house: House, make_client: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """The stage plays, the desk and a guest watch, each with a channel."""
    owner, desk, guest = make_client(), make_client(), make_client()
    await owner.start(house.stage, prompts=["a red barn"])
    await owner.has_frames(1)
    await desk.watch(house.desk)
    await guest.watch(house.guest)
    for peer in (owner, desk, guest):
        await peer.notice("control")
    return owner, desk, guest


async def test_a_view_key_offers_nothing_and_begins_nothing(house: House, client: Any) -> None:
    body = {"sdp": await client.offer_sdp(), "type": "offer"}
    answer = await house.guest.post("/api/v1/webrtc/offer", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    sdp = {"Content-Type": "application/sdp"}
    answer = await house.guest.post("/whep", content=await client.offer_sdp(), headers=sdp)
    assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")


async def test_a_peer_with_a_view_key_sees_the_picture_and_changes_nothing(
    house: House, watching: Any
) -> None:
    _, _, guest = watching
    await guest.has_frames(2)
    before = await house.prompts()
    guest.say(prompts=["a blue boat"], _id="1")
    refused = await guest.notice("error")
    assert refused["code"] == "forbidden"
    assert await house.prompts() == before
    hello = await guest.notice("hello")
    assert "resumeToken" not in hello
    assert "resumeToken" not in await guest.notice("control")


async def test_everybody_sees_who_controls(watching: Any) -> None:
    owner, desk, guest = watching
    told = [await peer.notice("control") for peer in (owner, desk, guest)]
    assert [each["holder"] for each in told] == ["you", "other", "other"]
    assert [each["label"] for each in told] == ["stage"] * 3
    assert [each["may_take"] for each in told] == [False, True, False]


async def test_control_is_taken_over_by_an_act_and_both_are_told(
    house: House, watching: Any
) -> None:
    owner, desk, guest = watching
    desk.say(prompts=["a blue boat"])
    assert (await desk.notice("error"))["code"] == "forbidden"
    answer = await house.take(house.desk, desk)
    assert (answer.status_code, answer.json()["session_id"]) == (200, owner.session_id)
    assert (await desk.notice("control", holder="you"))["resumeToken"]
    for peer in (owner, guest):
        await peer.notice("control", holder="other", label="desk")
    desk.say(prompts=["a blue boat"], _id="7")
    await desk.notice("applied", _id="7")
    owner.say(prompts=["a red barn"], _id="8")
    assert (await owner.notice("error", _id="8"))["code"] == "forbidden"
    assert (await house.prompts())[0]["text"] == "a blue boat"
    assert (await house.take(house.stage, owner)).status_code == 200
    await desk.notice("control", holder="other", label="stage")


async def test_a_guest_takes_nothing_and_nobody_takes_with_another_ones_peer(
    house: House, watching: Any
) -> None:
    _, desk, guest = watching
    assert (await house.take(house.guest, guest)).status_code == 403
    for caller, peer in ((house.desk, guest), (house.stage, desk)):
        answer = await house.take(caller, peer)
        assert (answer.status_code, answer.json()["code"]) == (404, "session_not_found")
    assert len([n for n in desk.notices if n["type"] == "control"]) == 1


async def test_who_watches_can_not_send_another_peer_away(house: House, watching: Any) -> None:
    owner, desk, guest = watching
    figures = (await house.guest.get("/api/v1/session/metrics")).json()["sessions"]
    ids = [peer["id"] for peer in figures[owner.session_id]["peers"]]
    assert len(ids) == 3
    mine = (await guest.notice("control"))["peerId"]
    for peer_id in ids:
        gone = await house.guest.delete(f"/whep/{peer_id}")
        assert gone.status_code == (200 if peer_id == mine else 404)
    for peer in (owner, desk):
        await peer.has_frames(len(peer.frames) + 2)


async def test_candidates_of_another_caller_are_not_taken(house: House, watching: Any) -> None:
    place = f"/api/v1/webrtc/offer/{watching[0].session_id}"
    body = {"candidates": [{"candidate": "", "sdpMid": "0"}]}
    assert (await house.desk.patch(place, json=body)).status_code == 404
    assert (await house.stage.patch(place, json=body)).status_code == 204


async def test_a_control_key_does_not_end_another_ones_session_but_an_admin_may(
    house: House, watching: Any
) -> None:
    owner, desk, _ = watching
    place = f"/api/v1/webrtc/offer/{owner.session_id}"
    assert (await house.desk.delete(place)).status_code == 204
    await desk.notice("stream_stopped")
    await owner.has_frames(len(owner.frames) + 2)
    assert (await house.guest.delete(place)).status_code == 403
    assert (await house.admin.delete(place)).status_code == 204
    stopped = await owner.notice("stream_stopped")
    assert "administrator" in stopped["error_message"]


async def test_a_revoked_key_ends_the_connection_it_came_with_and_no_other(
    house: House, watching: Any
) -> None:
    owner, desk, guest = watching
    house.people.revoke(house.people.guest)
    house.people.revoke(house.people.desk)
    for peer in (guest, desk):
        stopped = await peer.notice("stream_stopped", within_s=20)
        assert stopped["code"] == "unauthorized"
    await owner.has_frames(len(owner.frames) + 2)
    assert (await house.desk.get(MINE)).status_code == 401


async def test_pictures_without_webrtc_stop_with_the_key_too(house: House, watching: Any) -> None:
    async with house.guest.stream("GET", "/api/v1/session/preview.mjpg?fps=15") as answer:
        assert answer.status_code == 200
        parts = answer.aiter_bytes()
        await anext(parts)
        house.people.revoke(house.people.guest)
        rest = [part async for part in parts]
    assert rest[-1].endswith(b"--picture--\r\n")


@pytest.mark.parametrize("scope", ["none", "guest", "stage", "admin"])
@pytest.mark.parametrize(
    ("path", "least"),
    [
        ("/api/v1/session/metrics", "guest"),
        ("/api/v1/session/parameters", "guest"),
        ("/api/v1/session/frame", "guest"),
        ("/api/v1/session/timeline", "stage"),
        ("/api/v1/recordings/nobody", "stage"),
        ("/metrics", "guest"),
    ],
)
async def test_what_is_read_of_sessions_needs_its_scope(
    house: House, scope: str, path: str, least: str
) -> None:
    order = ["none", "guest", "stage", "admin"]
    async with calling(house.live, getattr(house.people, scope, None)) as caller:
        status = (await caller.get(path)).status_code
    if scope == "none":
        assert status == 401
    elif order.index(scope) < order.index(least):
        assert status == 403
    else:
        assert status in {200, 404}

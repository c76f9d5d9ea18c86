"""A standard player: what RFC 9725 asks of the HTTP side."""

import asyncio
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from scope.media.encoder import EncoderPool
from scope.sessions.ending import WISHED

pytestmark = pytest.mark.anyio
SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CANDIDATE = "a=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host\r\n"


@pytest.fixture
async def watched(live: Any, client: Any, second: Any) -> Any:
    """A session with a controlling client and a player; the player's answer."""
    await client.start(live.http)
    await client.has_frames(1)
    return await second.watch(live.http)


async def test_the_answer_is_a_resource(live: Any, watched: Any) -> None:
    assert watched.status_code == 201
    assert watched.headers["content-type"].startswith("application/sdp")
    assert watched.headers["location"].startswith("/whep/")
    assert watched.headers["etag"].startswith('"')
    assert watched.headers["accept-patch"] == "application/trickle-ice-sdpfrag"


async def test_ice_servers_come_as_links(serve: Callable[..., Any], second: Any) -> None:
    live = await serve(
        stun_urls=("stun:s.example",),
        turn_urls=("turn:t.example?transport=udp",),
        turn_username='a"b',
        turn_credential="c",
    )
    answer = await second.watch(live.http)
    assert answer.headers.get_list("link") == [
        '<turn:t.example?transport=udp>; rel="ice-server"; username="a\\"b"; '
        'credential="c"; credential-type="password"'
    ]
    options = await live.http.options("/whep")
    assert options.status_code == 204
    assert options.headers["accept-post"] == "application/sdp"
    assert options.headers.get_list("link") == answer.headers.get_list("link")


@pytest.mark.parametrize("way", ["watch", "start"])
async def test_the_server_knows_its_relays_at_the_first_offer(
    serve: Callable[..., Any], client: Any, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = await serve(turn_urls=("turn:t.example?transport=tcp",), turn_secret="s")
    known: list[str] = []
    take = live.services.table.offer

    async def taking(offer: Any) -> Any:
        known.extend(url for server in live.services.ice.last_known for url in server.urls)
        return await take(offer)

    monkeypatch.setattr(live.services.table, "offer", taking)
    await getattr(client, way)(live.http)
    assert known == ["turn:t.example?transport=tcp"]


async def test_a_page_of_another_site_may_read_what_it_needs(live: Any, second: Any) -> None:
    headers = {**SDP, "Origin": "http://localhost:3000"}
    answer = await live.http.post("/whep", content=await second.offer_sdp(), headers=headers)
    exposed = answer.headers["access-control-expose-headers"]
    assert {"Location", "Link", "ETag"} <= {name.strip() for name in exposed.split(",")}
    await live.http.delete(answer.headers["location"])


@pytest.mark.parametrize(
    ("if_match", "body", "status"),
    [
        ("right", CANDIDATE, 204),
        ("right", "a=end-of-candidates\r\n", 204),
        (None, CANDIDATE, 204),
        ('"other"', CANDIDATE, 412),
        ("*", CANDIDATE, 422),
        ("right", "nonsense", 422),
        ("right", "a=candidate:nonsense", 422),
    ],
)
async def test_trickled_candidates(
    live: Any, watched: Any, if_match: str | None, body: str, status: int
) -> None:
    headers = dict(FRAGMENT)
    if if_match is not None:
        headers["If-Match"] = watched.headers["etag"] if if_match == "right" else if_match
    path = watched.headers["location"]
    answer = await live.http.patch(path, content=body, headers=headers)
    assert answer.status_code == status, answer.text


async def test_leaving_leaves_the_others_alone_and_happens_once(
    live: Any, watched: Any, client: Any
) -> None:
    path = watched.headers["location"]
    assert (await live.http.delete(path)).status_code == 200
    assert (await live.http.delete(path)).status_code == 404
    headers = {**FRAGMENT, "If-Match": watched.headers["etag"]}
    assert (await live.http.patch(path, content=CANDIDATE, headers=headers)).status_code == 404
    seen = len(client.frames)
    await client.has_frames(seen + 3)


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"garbage", SDP, 400),
        (b"", SDP, 400),
        (b"\xff\xfe", SDP, 400),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"x" * 70_000, SDP, 413),
    ],
)
async def test_what_is_no_offer_is_refused_in_words(
    live: Any, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = await live.http.post("/whep", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert not live.services.table._sessions


async def test_a_session_that_is_not_there_can_not_be_watched(live: Any, second: Any) -> None:
    answer = await live.http.post(
        "/whep?session_id=nobody", content=await second.offer_sdp(), headers=SDP
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
async def test_other_methods_are_not_allowed(live: Any, method: str) -> None:
    assert (await live.http.request(method, "/whep")).status_code == 405


async def test_two_viewers_and_a_recording_of_one_session_cost_one_encode(
    serve: Any, make_client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: Counter[int] = Counter()
    run = EncoderPool.run

    async def counting(pool: EncoderPool, encoder: Any, pictures: Any, **options: Any) -> list[Any]:
        encoded[id(encoder)] += len(pictures)
        return await run(pool, encoder, pictures, **options)

    monkeypatch.setattr(EncoderPool, "run", counting)
    live = await serve(codec="H264", recordings_folder=tmp_path)
    viewers = [make_client(channel=False), make_client(channel=False)]
    for viewer in viewers:
        await viewer.watch(live.http)
    (session,) = live.services.table.sessions
    recordings = f"/api/v1/recordings/{session.id}"
    assert (await live.http.post(f"{recordings}/start")).status_code == 200
    for viewer in viewers:
        await viewer.has_frames(len(viewer.frames) + 45)
    stopped = (await live.http.post(f"{recordings}/stop")).json()
    await asyncio.gather(*(viewer.close() for viewer in viewers))
    await live.services.table.close(session.id, WISHED)

    sent = session.tally.frames_sent
    with av.open(io.BytesIO((await live.http.get(stopped["url"])).content)) as file:
        recorded = sum(1 for _ in file.decode(video=0))
    received = sum(len(viewer.frames) for viewer in viewers)
    (made,) = encoded.values()
    assert received + recorded > 2 * sent
    assert made <= sent + 4  # what was encoded ahead and never shown

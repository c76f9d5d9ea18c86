"""Pages come in by a cookie and go; links to watch are good as often as they say."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog

from tests.server.people import People, calling

pytestmark = pytest.mark.anyio
ENTER = "/api/v1/access/session"
SHARE = "/api/v1/access/share"


@dataclass
class House:
    live: Any
    people: People
    stack: AsyncExitStack

    async def page(self, key: str | None = None) -> httpx2.AsyncClient:
        """A browser's page of this server: it sends its origin and keeps cookies."""
        page = await self.stack.enter_async_context(calling(self.live, None))
        page.headers["Origin"] = str(page.base_url).rstrip("/")
        if key is not None:
            assert (await page.post(ENTER, json={"key": key})).status_code == 200
        return page

    async def program(self, key: str) -> httpx2.AsyncClient:
        return await self.stack.enter_async_context(calling(self.live, key))

    async def link(self, **wish: Any) -> tuple[str, str]:
        """Path and secret of a link to watch."""
        stage = await self.program(self.people.stage)
        answer = await stage.post(SHARE, json=wish)
        assert answer.status_code == 200, answer.text
        path, _, secret = answer.json()["path"].partition("#key=")
        return path, secret


@pytest.fixture
async def house(serve: Callable[..., Any], tmp_path: Path) -> AsyncIterator[House]:
    people = People(tmp_path / "keys.json")
    live = await serve(api_key_file=people.file.path, wrong_keys_burst=3, wrong_keys_per_s=0.01)
    async with AsyncExitStack() as stack:
        yield House(live, people, stack)


async def access(page: httpx2.AsyncClient) -> Any:
    return (await page.get(ENTER)).json()["access"]


async def test_a_key_becomes_a_cookie_that_scripts_do_not_see(house: House) -> None:
    page = await house.page()
    assert await access(page) == "public"
    answer = await page.post(ENTER, json={"key": house.people.stage})
    told = answer.json()
    assert (told["locked"], told["access"], told["label"]) == (True, "control", "stage")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert house.people.stage not in cookie + answer.text
    assert await access(page) == "control"
    assert (await page.get("/api/v1/session/metrics")).status_code == 200
    assert (await page.post("/api/v1/session/stop", json={})).status_code == 200
    assert (await page.post("/api/v1/pipeline/unload", json={})).status_code == 403


async def test_over_https_the_cookie_is_bound_to_the_host(house: House) -> None:
    page = await house.page()
    origin = str(page.base_url).rstrip("/").replace("http://", "https://")
    answer = await page.post(ENTER, json={"key": house.people.stage}, headers={"Origin": origin})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-scope")
    assert cookie.endswith("; Secure")
    assert "Path=/;" in cookie


@pytest.mark.parametrize("origin", ["http://localhost:3000", "null"])
async def test_a_cookie_is_worth_nothing_to_another_page(house: House, origin: str) -> None:
    page = await house.page(house.people.admin)
    foreign = {"Origin": origin}
    for path in ("/api/v1/session/stop", "/api/v1/pipeline/unload", SHARE):
        assert (await page.post(path, json={}, headers=foreign)).status_code == 401
    assert (await page.get("/api/v1/session/metrics", headers=foreign)).status_code == 401
    entering = await page.post(ENTER, json={"key": house.people.admin}, headers=foreign)
    assert entering.status_code == 403
    assert "set-cookie" not in entering.headers
    await page.delete(ENTER, headers=foreign)
    assert await access(page) == "admin"


async def test_with_a_cookie_only_json_changes_something(house: House) -> None:
    page = await house.page(house.people.admin)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await page.post(
            "/api/v1/session/stop", content="{}", headers={"Content-Type": kind}
        )
        assert answer.status_code == 415
    del page.headers["Origin"]
    assert (await page.post("/api/v1/session/stop", json={})).status_code == 401


async def test_a_page_that_left_is_out_and_a_stolen_cookie_with_it(house: House) -> None:
    page, thief = await house.page(house.people.admin), await house.page()
    thief.cookies = page.cookies
    assert await access(thief) == "admin"
    answer = await page.delete(ENTER)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert await access(thief) == "public"


async def test_a_page_that_comes_in_again_gives_its_first_pass_back(house: House) -> None:
    page, old = await house.page(house.people.admin), await house.page()
    old.cookies.update(page.cookies)
    await page.post(ENTER, json={"key": house.people.guest})
    assert (await access(page), await access(old)) == ("view", "public")


async def test_a_cookie_ends_with_its_key(house: House) -> None:
    page = await house.page(house.people.stage)
    house.people.revoke(house.people.stage)
    await house.live.services.door.look()
    assert await access(page) == "public"
    assert (await page.get("/api/v1/session/metrics")).status_code == 401


async def test_wrong_keys_all_sound_the_same_and_then_have_to_wait(house: House) -> None:
    page = await house.page()
    wrong = ["x", f"{house.people.admin}x", "scope_00000000_abc"]
    answers = [await page.post(ENTER, json={"key": key}) for key in (*wrong, "y")]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert len({answer.text for answer in answers[:3]}) == 1
    assert int(answers[3].headers["retry-after"]) > 1
    assert all("set-cookie" not in answer.headers for answer in answers)


async def test_an_open_server_lets_pages_in_without_a_cookie(live: Any) -> None:
    answer = await live.http.post(ENTER, json={"key": "anything"})
    assert answer.json()["access"] == "admin"
    assert "set-cookie" not in answer.headers
    assert (await live.http.get(ENTER)).json()["locked"] is False
    link = await live.http.post(SHARE, json={"session_id": "a b&c"})
    assert link.json() == {"path": "/output?session_id=a%20b%26c"}


async def test_a_link_to_watch_lets_one_page_in_and_only_to_watch(house: House) -> None:
    path, secret = await house.link(session_id="s", expires_s=600)
    assert path == "/output?session_id=s"
    guest, late = await house.page(secret), await house.page()
    assert await access(guest) == "view"
    assert (await guest.get("/api/v1/session/metrics")).status_code == 200
    for route, body in (
        ("/api/v1/session/parameters", {"prompts": ["x"]}),
        ("/api/v1/session/control", {"peer_id": "p"}),
        ("/api/v1/session/start", {}),
        ("/api/v1/recordings/s/start", {}),
        (SHARE, {}),
    ):
        answer = await guest.post(route, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), route
    refused = await late.post(ENTER, json={"key": secret})
    assert refused.status_code == 401


async def test_a_link_may_be_for_several_and_is_no_key(house: House) -> None:
    _, secret = await house.link(uses=2)
    pages = [await house.page(secret), await house.page(secret)]
    assert [await access(page) for page in pages] == ["view", "view"]
    program = await house.program(secret)
    assert (await program.get("/api/v1/session/metrics")).status_code == 401


async def test_a_guest_makes_no_links(house: House) -> None:
    guest = await house.program(house.people.guest)
    assert (await guest.post(SHARE, json={})).status_code == 403


async def test_nothing_secret_is_logged(house: House) -> None:
    with structlog.testing.capture_logs() as logs:
        _, secret = await house.link()
        page = await house.page(secret)
        await page.post(ENTER, json={"key": house.people.admin})
        await page.post(ENTER, json={"key": "a-wrong-one"})
        house.people.revoke(house.people.guest)
        await house.live.services.door.look()
    written = json.dumps(logs, default=repr)
    assert "keys_read" in written
    for word in (secret, house.people.admin, "a-wrong-one", *page.cookies.values()):
        assert word not in written

"""The door: host, origin, key and content type of every request."""

import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from scope.clock import ManualClock
from scope.keys.access import Access
from scope.keys.ring import KeyRing
from scope.server.access import GuardedRoute, policy
from scope.server.address_buckets import AddressBuckets
from scope.server.doorkeeper import Doorkeeper
from scope.server.guard import Guard
from scope.server.origins import OriginRules
from scope.server.problems import install_problems

KEY = "k" * 32


def serve(*, key: str | None = None, null_origin: bool = False) -> TestClient:
    router = APIRouter(route_class=GuardedRoute)

    @router.get("/public")
    @policy(Access.PUBLIC)
    def public() -> str:
        return "public"

    @router.post("/control")
    @policy(Access.CONTROL)
    def control(request: Request) -> str:
        return str(request.state.caller.access.name)

    app = FastAPI()
    app.router.routes.extend(router.routes)
    install_problems(app)
    rules = OriginRules(origins=frozenset({"https://app.example"}), null_origin=null_origin)
    buckets = AddressBuckets(rate_per_s=1, burst=3, clock=ManualClock())
    door = Doorkeeper(KeyRing(chosen=key, now=lambda: 0.0), wrong_keys=buckets, now=lambda: 0.0)
    return TestClient(Guard(app, rules=rules, door=door), base_url="http://localhost:8000")


def test_a_program_without_origin_comes_in() -> None:
    assert serve().get("/public").json() == "public"


def test_a_foreign_host_is_misdirected() -> None:
    answer = serve().get("/public", headers={"Host": "attacker.test"})
    assert answer.status_code == 421
    assert answer.json()["code"] == "misdirected_request"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://[bad"])
def test_a_foreign_origin_is_refused_for_every_method(method: str, origin: str) -> None:
    answer = serve().request(method, "/public", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_from_disk_is_told_where_to_find_the_same_page() -> None:
    answer = serve().get("/public", headers={"Origin": "null"})
    assert answer.status_code == 403
    assert "/quickstart" in answer.json()["detail"]
    assert "--allow-null-origin" in answer.json()["detail"]
    assert serve(null_origin=True).get("/public", headers={"Origin": "null"}).status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://app.example"])
def test_an_allowed_page_may_read_answers_and_errors(origin: str) -> None:
    for path in ("/public", "/nowhere"):
        answer = serve().get(path, headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert "Location" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
        assert "Origin" in answer.headers["vary"]


def test_a_preflight_of_an_allowed_page_is_answered_without_a_key() -> None:
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "PATCH"}
    answer = serve(key=KEY).options("/control", headers=headers)
    assert answer.status_code == 204
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]


def test_another_site_may_not_embed_what_is_here_but_may_link_to_it() -> None:
    embed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert serve().get("/public", headers=embed).status_code == 403
    assert serve().get("/public", headers=link).status_code == 200


def test_without_a_configured_key_everybody_may_do_everything() -> None:
    assert serve().post("/control", json={}).json() == "ADMIN"


def test_with_a_key_a_caller_without_one_reaches_only_public_routes() -> None:
    client = serve(key=KEY)
    assert client.get("/public").status_code == 200
    answer = client.post("/control", json={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", [f"Bearer {KEY}x", "Bearer", f"Basic {KEY}", KEY, "Bearer \xe9", f"Bearer {KEY[:-1]}"]
)
def test_a_wrong_key_is_refused_everywhere(header: str) -> None:
    answer = serve(key=KEY).get("/public", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401


def test_the_right_key_opens() -> None:
    client = serve(key=KEY)
    headers = {"Authorization": f"Bearer {KEY}"}
    assert client.post("/control", json={}, headers=headers).status_code == 200


def test_a_key_in_the_query_is_no_key() -> None:
    assert serve(key=KEY).post(f"/control?key={KEY}", json={}).status_code == 401


def test_an_address_that_shows_wrong_keys_waits_even_with_the_right_one() -> None:
    client = serve(key=KEY)
    wrong, right = {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {KEY}"}
    answers = [client.get("/public", headers=wrong) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    late = client.get("/public", headers=right)
    assert (late.status_code, late.json()["code"]) == (429, "too_many_requests")
    assert late.headers["retry-after"] == "1"
    assert client.get("/public").status_code == 200


def test_a_cookie_that_is_no_pass_is_as_good_as_none() -> None:
    client = serve(key=KEY)
    client.cookies.set("scope-8000", "nothing", domain="localhost.local")
    assert client.get("/public").status_code == 200
    assert client.post("/control", json={}).status_code == 401


def test_websockets_are_not_served() -> None:
    with pytest.raises(WebSocketDisconnect), serve().websocket_connect("/public"):
        pass

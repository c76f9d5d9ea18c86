"""Rules that hold for every route there is, and for every route there will be."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from scope.keys.access import Access
from scope.server.access import GuardedRoute
from scope.server.app import create_app
from scope.settings import Settings

KEY = "k" * 32
PUBLIC = {
    "/",
    "/quickstart",
    "/client.js",
    "/output",
    "/web/{name}",
    "/docs",
    "/openapi.json",
    "/health",
    "/health/live",
    "/health/ready",
    "/api/v1/access/session",
}
STATE_CHANGING = ("POST", "PUT", "PATCH", "DELETE")


class Unused:
    """An engine no request reaches: these tests end at the door."""


def routes() -> list[GuardedRoute]:
    return create_app(Settings(pipeline=None), Unused()).routes


def calls() -> Iterator[tuple[str, str]]:
    for route in routes():
        for method in sorted(route.methods):
            yield method, re.sub(r"\{\w+\}", "some-id", route.path)


CALLS = sorted(set(calls()))


@pytest.fixture(scope="module")
def closed() -> TestClient:
    """A server with a key; the lifespan does not run."""
    app = create_app(
        Settings(pipeline=None, api_key=KEY, host="0.0.0.0", wrong_keys_burst=1000), Unused()
    )
    return TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def open_() -> TestClient:
    app = create_app(Settings(pipeline=None), Unused())
    return TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False)


def test_every_route_declares_its_policy_and_only_these_are_public() -> None:
    declared = {route.path: route.policy.access for route in routes()}
    assert all(isinstance(route, GuardedRoute) for route in routes())
    assert {path for path, access in declared.items() if access is Access.PUBLIC} == PUBLIC


def test_nothing_that_changes_state_is_open_to_viewers_but_watching() -> None:
    loose = {
        route.path
        for route in routes()
        if route.methods & set(STATE_CHANGING) and route.policy.access < Access.CONTROL
    }
    assert loose == {"/whep", "/whep/{peer_id}", "/api/v1/access/session"}


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_hostile_host_is_misdirected(open_: TestClient, method: str, path: str) -> None:
    answer = open_.request(method, path, headers={"Host": "attacker.test"})
    assert answer.status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_hostile_page_is_refused(open_: TestClient, method: str, path: str, origin: str) -> None:
    answer = open_.request(method, path, headers={"Origin": origin}, json={})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_site_may_embed_it(open_: TestClient, method: str, path: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert open_.request(method, path, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
@pytest.mark.parametrize(("method", "path"), [c for c in CALLS if c[0] in STATE_CHANGING])
def test_a_form_or_text_changes_nothing(
    open_: TestClient, method: str, path: str, content_type: str
) -> None:
    answer = open_.request(method, path, content="{}", headers={"Content-Type": content_type})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("method", "path"),
    [c for c in CALLS if c[1].startswith(("/api", "/whep", "/metrics")) and c[1] not in PUBLIC],
)
def test_without_the_key_nothing_but_pages_and_health_answers(
    closed: TestClient, method: str, path: str
) -> None:
    assert closed.request(method, path).status_code == 401
    wrong = {"Authorization": "Bearer wrong"}
    assert closed.request(method, path, headers=wrong).status_code == 401


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "PUT"])
def test_other_methods_are_refused(open_: TestClient, method: str) -> None:
    assert open_.request(method, "/health").status_code == 405


def test_the_documentation_lists_every_route(open_: TestClient) -> None:
    described = open_.get("/openapi.json").json()["paths"]
    page = open_.get("/docs").text
    for route in routes():
        assert route.path in described
        assert route.path in page

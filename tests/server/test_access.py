"""No route without a declared policy, no body of another type."""

import pytest
from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from scope.clock import ManualClock
from scope.keys.access import Access
from scope.keys.ring import KeyRing
from scope.server.access import GuardedRoute, policy, policy_of
from scope.server.address_buckets import AddressBuckets
from scope.server.doorkeeper import Doorkeeper
from scope.server.guard import Guard
from scope.server.origins import OriginRules
from scope.server.problems import install_problems


def test_a_route_without_a_policy_can_not_exist() -> None:
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(TypeError, match="declares no access policy"):

        @router.get("/x")
        def bare() -> None: ...


def test_a_declared_policy_is_found_again() -> None:
    @policy(Access.VIEW, accepts="application/sdp")
    def endpoint() -> None: ...

    assert policy_of(endpoint).access is Access.VIEW
    assert policy_of(endpoint).accepts == "application/sdp"


@pytest.fixture
def client() -> TestClient:
    router = APIRouter(route_class=GuardedRoute)

    @router.post("/json")
    @router.delete("/json")
    @policy(Access.PUBLIC)
    def take() -> str:
        return "taken"

    app = FastAPI()
    app.router.routes.extend(router.routes)
    install_problems(app)
    buckets = AddressBuckets(rate_per_s=1, burst=3, clock=ManualClock())
    door = Doorkeeper(KeyRing(now=lambda: 0.0), wrong_keys=buckets)
    return TestClient(Guard(app, rules=OriginRules(), door=door), base_url="http://localhost")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"],
)
def test_a_form_or_plain_text_is_not_taken(client: TestClient, content_type: str) -> None:
    answer = client.post("/json", content="{}", headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"


def test_json_is_taken_with_or_without_a_charset(client: TestClient) -> None:
    assert client.post("/json", json={}).status_code == 200
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert client.post("/json", content="{}", headers=headers).status_code == 200


def test_a_request_without_a_body_needs_no_type(client: TestClient) -> None:
    assert client.delete("/json").status_code == 200
    assert client.post("/json").status_code == 200

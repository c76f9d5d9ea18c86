"""/openapi.json: every route in words, and every error as it is really answered."""

import re
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from scope.protocol.http import Malformed, Problem
from scope.server.app import create_app
from scope.server.described import problems_at
from scope.settings import Settings

KEY = "k" * 32
RIGHT = {"Authorization": f"Bearer {KEY}"}
BODY = {"Content-Type": "application/json"}
JSON_REFUSED: TypeAdapter[Problem | Malformed] = TypeAdapter(Problem | Malformed)


def app(**changes: Any) -> Any:
    return create_app(Settings(pipeline=None, **changes), object())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(app().openapi())


@pytest.fixture(scope="module")
def closed() -> TestClient:
    """A server with a key; the lifespan does not run."""
    return TestClient(app(api_key=KEY), base_url="http://localhost", raise_server_exceptions=False)


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_there_with_a_summary_and_a_description(document: dict[str, Any]) -> None:
    described = operations(document)
    there = {(method, route.path) for route in app().routes for method in route.methods}
    assert set(described) == there
    for name, operation in described.items():
        assert operation["summary"], name
        assert operation["description"].endswith("."), name


def test_every_route_tells_of_its_errors(document: dict[str, Any]) -> None:
    for (method, _), operation in operations(document).items():
        responses = operation["responses"]
        assert {"403", "421", "default"} <= set(responses)
        assert ("413" in responses) == (method in {"POST", "PATCH", "DELETE"})
        assert "HTTPValidationError" not in str(responses)
        for status, response in responses.items():
            if status[0] == "4" or status == "default":
                (content,) = response["content"]
                assert content == "application/json"


def test_the_bodies_in_the_document_are_those_of_the_code(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for model in (Problem, Malformed):
        assert set(schemas[model.__name__]["properties"]) == set(model.model_fields)


@pytest.mark.parametrize(
    ("method", "path", "headers", "content", "status", "code"),
    [
        ("GET", "/health", {"Host": "other.test"}, b"", 421, "misdirected_request"),
        ("GET", "/health", {"Origin": "http://other.test"}, b"", 403, "forbidden"),
        ("GET", "/metrics", {}, b"", 401, "unauthorized"),
        ("POST", "/whep", RIGHT | BODY, b"{}", 415, "unsupported_media_type"),
        ("POST", "/api/v1/pipeline/load", RIGHT | BODY, b"1" * 300_000, 413, "too_large"),
        ("GET", "/web/nothing.js", {}, b"", 404, "not_found"),
        ("DELETE", "/health", {}, b"", 405, "method_not_allowed"),
    ],
)
def test_an_error_is_as_described(
    closed: TestClient,
    document: dict[str, Any],
    method: str,
    path: str,
    headers: dict[str, str],
    content: bytes,
    status: int,
    code: str,
) -> None:
    answer = closed.request(method, path, headers=headers, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    conforms(answer, document, method, re.sub(r"/web/.*", "/web/{name}", path))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("POST", "/api/v1/pipeline/load", b"[]", 422, "invalid_request"),
        ("POST", "/api/v1/pipeline/load", b"{}", 400, "bad_request"),
        ("POST", "/api/v1/models/cancel", b"", 409, "wrong_state"),
        ("GET", "/api/v1/session/frame?quality=0", b"", 422, "invalid_request"),
        ("GET", "/api/v1/session/metrics?session_id=nobody", b"", 404, "session_not_found"),
        ("POST", "/api/v1/webrtc/offer", b'{"sdp": "nonsense"}', 400, "negotiation_failed"),
    ],
)
async def test_what_a_route_refuses_is_as_described(
    live: Any,
    document: dict[str, Any],
    method: str,
    path: str,
    content: bytes,
    status: int,
    code: str,
) -> None:
    answer = await live.http.request(method, path, headers=BODY, content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    conforms(answer, document, method, path.partition("?")[0])


def conforms(answer: Any, document: dict[str, Any], method: str, path: str) -> None:
    told = JSON_REFUSED.validate_json(answer.content)
    assert told.model_dump(exclude_none=True, mode="json") == answer.json()
    if known := operations(document).get((method, path)):
        status = str(answer.status_code)
        response = known["responses"].get(status, known["responses"]["default"])
        assert type(told).__name__ in str(response["content"]["application/json"]["schema"])


def test_what_is_public_needs_no_key_and_what_reads_no_body_has_none_too_large() -> None:
    assert 401 not in problems_at(public=True, takes_body=False)
    assert 413 not in problems_at(public=False, takes_body=False)
    assert 413 in problems_at(public=False, takes_body=True)

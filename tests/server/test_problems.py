"""Every error has one status and one shape."""

import math
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.testclient import TestClient

from scope import errors
from scope.server.problems import install_problems, problem, status_of


def all_errors(kind: type[errors.ScopeError] = errors.ScopeError) -> Iterator[type]:
    yield kind
    for child in kind.__subclasses__():
        yield from all_errors(child)


@pytest.mark.parametrize("kind", list(all_errors()), ids=lambda kind: kind.__name__)
def test_every_error_of_the_tree_has_a_status(kind: type[errors.ScopeError]) -> None:
    assert 400 <= status_of(kind("x")) < 600


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidParameters("x"), 422),
        (errors.UnknownPipeline("x"), 404),
        (errors.TooLarge("x"), 413),
        (errors.PipelineNotLoaded("x"), 400),
        (errors.AtCapacity("x"), 503),
        (errors.TooManyRequests("x"), 429),
        (errors.Draining("x"), 503),
        (errors.NegotiationFailed("x"), 400),
        (errors.WorkerLost("x"), 503),
    ],
)
def test_the_statuses_of_the_wire_format(error: errors.ScopeError, status: int) -> None:
    assert problem(error).status_code == status


def test_a_body_says_what_where_and_when_to_come_back() -> None:
    answer = problem(errors.AtCapacity("full", field="sdp", reason="why", retry_after_s=2.1))
    assert answer.body == (
        b'{"detail":"full","code":"at_capacity","field":"sdp","reason":"why","retry_after":2.1}'
    )
    assert answer.headers["retry-after"] == "3"


def test_busy_answers_always_say_when_to_come_back() -> None:
    assert "retry-after" in problem(errors.TooManyRequests("x")).headers
    assert "retry-after" in problem(errors.Draining("x")).headers


class Body(BaseModel):
    number: float
    secret: str = ""


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    install_problems(app)

    @app.post("/body")
    def take(body: Body) -> None:
        if math.isinf(body.number):
            raise errors.Forbidden("no")
        raise RuntimeError("a mistake with a secret")

    return TestClient(app, raise_server_exceptions=False)


def test_a_body_of_the_wrong_shape_names_its_field_and_tells_no_input_back(
    client: TestClient,
) -> None:
    answer = client.post("/body", json={"number": "x", "secret": "s3cret"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["field"] == "number"
    assert "s3cret" not in answer.text


def test_unknown_paths_and_methods_have_the_same_shape(client: TestClient) -> None:
    assert client.get("/nowhere").json() == {"detail": "Not Found", "code": "not_found"}
    assert client.get("/body").json()["code"] == "method_not_allowed"


def test_a_mistake_of_ours_is_500_and_tells_nothing(client: TestClient) -> None:
    answer = client.post("/body", json={"number": 1})
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "secret" not in answer.text

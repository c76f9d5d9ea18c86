"""Codes of the wire and answers of HTTP become exceptions one can catch apart."""

from typing import Any

import pytest

from scope.client.errors import (
    BadParameter,
    Busy,
    ClientError,
    NotFound,
    NotLoaded,
    StreamStopped,
    Unauthorized,
    error_of,
    error_of_answer,
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"detail": "x", "code": "pipeline_not_loaded"}, NotLoaded, "pipeline_not_loaded"),
        (401, {"detail": "x", "code": "unauthorized"}, Unauthorized, "unauthorized"),
        (403, None, Unauthorized, "http_403"),
        (404, {"detail": "x", "code": "unknown_pipeline"}, NotFound, "unknown_pipeline"),
        (503, {"detail": "x", "code": "at_capacity"}, Busy, "at_capacity"),
        (502, "<html>", ClientError, "server_error"),
    ],
)
def test_every_answer_is_told_apart(
    status: int, body: Any, kind: type[ClientError], code: str
) -> None:
    error = error_of_answer(status, body)
    assert type(error) is kind
    assert (error.code, error.status) == (code, status)


def test_a_field_at_fault_is_named_in_both_shapes() -> None:
    ours = error_of_answer(422, {"detail": "wide", "code": "invalid_parameters", "field": "width"})
    assert isinstance(ours, BadParameter)
    assert ours.field == "width"
    theirs = error_of_answer(
        422, {"detail": [{"loc": ["body", "pipeline_id"], "msg": "Field required"}]}
    )
    assert theirs.detail == "pipeline_id: Field required"


def test_when_to_ask_again_is_kept() -> None:
    body = {"detail": "full", "code": "at_capacity", "reason": "2 of 2"}
    error = error_of_answer(503, body, retry_after="5")
    assert (error.retry_after_s, error.retryable) == (5.0, True)
    assert error.detail == "full (2 of 2)"
    assert error.body["reason"] == "2 of 2"
    assert error_of_answer(503, None, retry_after="tomorrow").retry_after_s is None


def test_an_unknown_code_is_what_the_caller_says() -> None:
    error = error_of("strange", "it ended", fallback=StreamStopped)
    assert isinstance(error, StreamStopped)
    assert not error.retryable

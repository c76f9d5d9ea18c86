"""Errors become HTTP answers here and nowhere else on this side.

Every body is `{"detail", "code", ...}`; `field`, `reason` and `retry_after` (also as the header
`Retry-After`) when there is one.
"""

import math
from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from scope import errors
from scope.protocol.http import Fault, Malformed, Problem

log = structlog.get_logger("scope.server")


class UnsupportedMediaType(errors.RequestError):
    """The body comes in a form this route does not take."""

    code = "unsupported_media_type"


class Unauthorized(errors.RequestError):
    """The caller shows no key, or a wrong one."""

    code = "unauthorized"


class MisdirectedRequest(errors.RequestError):
    """The Host header names a server this is not."""

    code = "misdirected_request"


class BodyTooSlow(errors.RequestError):
    """The body did not arrive in time."""

    code = "body_too_slow"


class PreconditionFailed(errors.RequestError):
    """The request means another state than this one."""

    code = "precondition_failed"


STATUS_OF: Mapping[type[errors.ScopeError], int] = {
    errors.ScopeError: 500,
    errors.RequestError: 400,
    errors.InvalidParameters: 422,
    errors.UnknownPipeline: 404,
    errors.SessionNotFound: 404,
    errors.SessionGone: 410,
    errors.TooLarge: 413,
    errors.Forbidden: 403,
    Unauthorized: 401,
    BodyTooSlow: 408,
    PreconditionFailed: 412,
    MisdirectedRequest: 421,
    UnsupportedMediaType: 415,
    errors.StateError: 409,
    errors.PipelineNotLoaded: 400,
    errors.AtCapacity: 503,
    errors.TooManyRequests: 429,
    errors.Draining: 503,
    errors.EngineError: 500,
    errors.OutOfMemory: 503,
    errors.WorkerLost: 503,
    errors.NegotiationFailed: 400,
}

DEFAULT_RETRY_AFTER_S = 2.0
CODE_OF_STATUS: Mapping[int, str] = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
}


def status_of(error: errors.ScopeError) -> int:
    """The status of the nearest listed ancestor of `error`."""
    return next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)


def problem(error: errors.ScopeError) -> JSONResponse:
    """The answer that tells a client about `error`."""
    status = status_of(error)
    retry_after_s = error.retry_after_s
    if retry_after_s is None and status in {429, 503}:
        retry_after_s = DEFAULT_RETRY_AFTER_S
    told = Problem.of(error).model_copy(update={"retry_after": retry_after_s})
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    return JSONResponse(told.model_dump(exclude_none=True), status_code=status, headers=headers)


def install_problems(app: FastAPI) -> None:
    """Register the handlers on `app`."""

    @app.exception_handler(errors.ScopeError)
    async def _scope_error(_: Request, error: errors.ScopeError) -> JSONResponse:
        return problem(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return _invalid_body(error)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        body = {
            "detail": error.detail,
            "code": CODE_OF_STATUS.get(error.status_code, "http_error"),
        }
        return JSONResponse(body, status_code=error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error("request_failed", path=request.url.path, exc_info=error)
        body = {
            "detail": "The server made a mistake; its log says which.",
            "code": "internal_error",
        }
        return JSONResponse(body, status_code=500)


def _invalid_body(error: RequestValidationError) -> JSONResponse:
    # Neither the input nor the exception goes back: an input may hold a key, and values such
    # as NaN or bytes are no JSON.
    faults = [
        Fault(type=item["type"], loc=list(item["loc"]), msg=item["msg"]) for item in error.errors()
    ]
    first = ".".join(str(part) for part in faults[0].loc[1:]) if faults else None
    body = Malformed(detail=faults, field=first)
    return JSONResponse(body.model_dump(exclude_none=True), status_code=422)

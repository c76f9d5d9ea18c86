"""What a client is told when something goes wrong, as exceptions one can catch apart.

    ClientError
    ├── Unreachable        no server answers at that address
    ├── Unauthorized       no key, a wrong one, or one that may not do this
    ├── BadParameter       a value is wrong; `field` names it
    ├── NotFound           no pipeline or session of that name
    ├── NotLoaded          load a pipeline first
    ├── Busy               no room now; `retry_after_s` says when to ask again
    ├── OutOfMemory        the device has no room for this
    ├── ConnectFailed      the server answered, but no media connection came up
    └── StreamStopped      the stream has ended, and why

Decides which of them an HTTP answer or a code of the wire stands for. Knows no connection.
"""

from collections.abc import Mapping
from typing import Any

WORTH_RETRYING = frozenset(
    {
        "unreachable",
        "connect_failed",
        "connection_lost",
        "peer_lost",
        "worker_lost",
        "draining",
        "server_shutdown",
        "pipeline_reloaded",
        "pipeline_not_loaded",
        "at_capacity",
        "too_many_requests",
        "server_error",
    }
)


class ClientError(Exception):
    """`code` is stable, `detail` one readable sentence. status: of the HTTP answer, or 0."""

    def __init__(
        self,
        detail: str,
        *,
        code: str = "error",
        status: int = 0,
        field: str | None = None,
        retry_after_s: float | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.status = status
        self.field = field
        self.retry_after_s = retry_after_s
        self.body = dict(body or {})

    @property
    def retryable(self) -> bool:
        """Whether the same request may work in a while."""
        return self.code in WORTH_RETRYING


class Unreachable(ClientError):
    """No server answers at that address."""


class Unauthorized(ClientError):
    """No key, a wrong one, or one that may not do this."""


class BadParameter(ClientError):
    """A value is wrong; `field` names it."""


class NotFound(ClientError):
    """No pipeline or session of that name."""


class NotLoaded(ClientError):
    """Load a pipeline first."""


class Busy(ClientError):
    """No room now; `retry_after_s` says when to ask again."""


class OutOfMemory(ClientError):
    """The device has no room for this."""


class ConnectFailed(ClientError):
    """The server answered, but no media connection came up."""


class StreamStopped(ClientError):
    """The stream has ended."""


BY_CODE: Mapping[str, type[ClientError]] = {
    "unreachable": Unreachable,
    "unauthorized": Unauthorized,
    "forbidden": Unauthorized,
    "invalid_parameters": BadParameter,
    "invalid_request": BadParameter,
    "unknown_pipeline": NotFound,
    "session_not_found": NotFound,
    "pipeline_not_loaded": NotLoaded,
    "at_capacity": Busy,
    "too_many_requests": Busy,
    "draining": Busy,
    "out_of_memory": OutOfMemory,
    "connect_failed": ConnectFailed,
}
BY_STATUS: Mapping[int, type[ClientError]] = {
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    422: BadParameter,
    429: Busy,
    503: Busy,
}


def error_of(
    code: str, detail: str, *, fallback: type[ClientError] = ClientError, **more: Any
) -> ClientError:
    """The exception for a code of the wire; `fallback` for one this client does not know."""
    return BY_CODE.get(code, fallback)(detail, code=code, **more)


def error_of_answer(status: int, body: Any, *, retry_after: str | None = None) -> ClientError:
    """The exception for an HTTP answer that is none of ours to like."""
    told = body if isinstance(body, Mapping) else {}
    code = told.get("code")
    if not isinstance(code, str):
        code = "server_error" if status >= 500 else f"http_{status}"
    field = told.get("field")
    return error_of(
        code,
        _detail(told, status),
        fallback=BY_STATUS.get(status, ClientError),
        status=status,
        field=field if isinstance(field, str) else None,
        retry_after_s=_seconds(retry_after),
        body=told,
    )


def _detail(told: Mapping[str, Any], status: int) -> str:
    detail = told.get("detail")
    if isinstance(detail, str):
        reason = told.get("reason")
        return f"{detail} ({reason})" if isinstance(reason, str) else detail
    if isinstance(detail, list) and detail and isinstance(detail[0], Mapping):
        where = ".".join(str(part) for part in detail[0].get("loc", ())[1:])
        return f"{where}: {detail[0].get('msg', 'is wrong')}"
    return f"The server answers with status {status}."


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else max(0.0, float(header))
    except ValueError:
        return None

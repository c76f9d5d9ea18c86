"""Who may call a route: every route declares it, and one without a declaration can not exist.

The guard finds out who calls (`scope["state"]["caller"]`); a route of this class
compares that with what it demands, before it reads the body. It also demands the content
type: a page of another site can send a form or plain text here, but never JSON unasked.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRoute

from scope.errors import Forbidden
from scope.keys.access import NOBODY, Access, Caller
from scope.server.described import problems_at
from scope.server.problems import Unauthorized, UnsupportedMediaType

JSON = "application/json"
STATE_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

EndpointT = TypeVar("EndpointT", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Policy:
    """What a route demands of its caller. accepts: content type of a body."""

    access: Access
    accepts: str = JSON


def policy(access: Access, *, accepts: str = JSON) -> Callable[[EndpointT], EndpointT]:
    """Declare the policy of an endpoint; goes below the router's decorator."""

    def declare(endpoint: EndpointT) -> EndpointT:
        endpoint.__scope_policy__ = Policy(access, accepts)  # type: ignore[attr-defined]
        return endpoint

    return declare


def policy_of(endpoint: Callable[..., Any]) -> Policy:
    """The declared policy. Raises TypeError for an endpoint that has none."""
    declared = getattr(endpoint, "__scope_policy__", None)
    if not isinstance(declared, Policy):
        raise TypeError(f"{endpoint!r} declares no access policy")
    return declared


class GuardedRoute(APIRoute):
    """A route that refuses callers below its policy before anything of it runs."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.policy = policy_of(endpoint)
        problems = problems_at(
            public=self.policy.access is Access.PUBLIC,
            takes_body=not STATE_CHANGING.isdisjoint(options.get("methods") or ()),
        )
        responses = problems | (options.pop("responses", None) or {})
        super().__init__(path, endpoint, responses=responses, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the two checks in front."""
        handle = super().get_route_handler()
        demanded = self.policy

        async def guarded(request: Request) -> Response:
            granted = caller_of(request).access
            if granted < demanded.access:
                scope_name = demanded.access.word
                if granted is Access.PUBLIC:
                    raise Unauthorized(f"this needs a key with the scope {scope_name!r}")
                raise Forbidden(f"this key does not include the scope {scope_name!r}")
            if request.method in STATE_CHANGING:
                _demand_content_type(request, demanded.accepts)
                # Read here, so that a body over its limit is told as such; FastAPI would
                # turn the error into its own 400.
                await request.body()
            return await handle(request)

        return guarded


def caller_of(request: Request) -> Caller:
    """Whom the guard found to call."""
    found = request.scope.get("state", {}).get("caller", NOBODY)
    assert isinstance(found, Caller)  # noqa: S101 - set by the guard, which is in front
    return found


def _demand_content_type(request: Request, accepts: str) -> None:
    headers = request.headers
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if given != accepts and not (empty and not given):
        raise UnsupportedMediaType(f"send the body as {accepts}")

"""The one door: host, origin and key of every request, before any route is looked at.

Default deny. It answers CORS preflights, adds the CORS and safety headers, and writes into
`scope["state"]["caller"]` who calls; what that is worth, routes judge (access.py).
"""

from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scope.errors import Forbidden, ScopeError
from scope.keys.access import Caller
from scope.server.doorkeeper import Doorkeeper
from scope.server.origins import OriginRules
from scope.server.page_cookie import pass_of
from scope.server.problems import MisdirectedRequest, problem

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
REQUEST_HEADERS = "Authorization, Content-Type, If-Match"
EXPOSED = "Location, Link, ETag, Retry-After, Accept-Patch, Accept-Post"
NULL_ORIGIN = (
    "Pages opened from disk may not call this server. Open /quickstart, the same page served "
    "here, or start the server with --allow-null-origin or a key."
)


class Guard:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp, *, rules: OriginRules, door: Doorkeeper) -> None:
        self._app = app
        self._rules = rules
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        try:
            self._check_host_and_origin(headers)
        except ScopeError as error:
            await problem(error)(scope, receive, _with_headers(send, None))
            return
        send = _with_headers(send, origin)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(headers)(scope, receive, send)
            return
        try:
            caller = self._caller(scope, headers)
        except ScopeError as error:
            await problem(error)(scope, receive, send)
            return
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["caller"] = caller
        await self._app(scope, receive, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # none is served
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    def _check_host_and_origin(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._rules.host_allowed(hosts[0]):
            raise MisdirectedRequest(
                "This server is not known by that Host; add it with --allowed-host."
            )
        origins = headers.getlist("origin")
        if not origins:
            cross = headers.get("sec-fetch-site") == "cross-site"
            if cross and headers.get("sec-fetch-mode", "navigate") != "navigate":
                raise Forbidden("Pages of other sites may not embed this server.")
            return
        if len(origins) == 1 and self._rules.origin_allowed(origins[0], host=hosts[0]):
            return
        if origins[0] == "null":
            raise Forbidden(NULL_ORIGIN)
        raise Forbidden("Pages of that Origin may not call this server; see --allowed-origin.")

    def _caller(self, scope: Scope, headers: Headers) -> Caller:
        client = scope.get("client")
        return self._door.caller(
            authorization=headers.get("authorization"),
            page_pass=pass_of(headers, method=scope["method"]),
            address=client[0] if client else "",
        )


def _with_headers(send: Send, origin: str | None) -> Send:
    """`send`, adding what every answer carries and, for a page's call, the CORS headers."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "no-referrer")
            headers.setdefault("Cache-Control", "no-store")
            headers.add_vary_header("Origin")
            if origin is not None:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = EXPOSED
        await send(message)

    return sending


def _preflight(headers: Headers) -> Response:
    answer = {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": REQUEST_HEADERS,
        "Access-Control-Max-Age": "600",
    }
    if headers.get("access-control-request-private-network") == "true":
        answer["Access-Control-Allow-Private-Network"] = "true"
    return Response(status_code=204, headers=answer)

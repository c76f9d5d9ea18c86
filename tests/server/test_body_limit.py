"""Bodies are bounded in size and in time, whatever they declare."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from scope.errors import ScopeError
from scope.server.body_limit import BodyLimit, BodyLimits
from scope.server.problems import problem

pytestmark = pytest.mark.anyio


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    try:
        size = len(await Request(scope, receive).body())
        await PlainTextResponse(str(size))(scope, receive, send)
    except ScopeError as error:
        await problem(error)(scope, receive, send)


def client(*, timeout_s: float = 5.0) -> httpx2.AsyncClient:
    limits = BodyLimits(max_bytes=1000, timeout_s=timeout_s, larger={"/upload": 5000})
    transport = httpx2.ASGITransport(app=BodyLimit(count, limits=limits))
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost")


async def pieces(number: int, *, size: int = 100) -> AsyncIterator[bytes]:
    for _ in range(number):
        yield b"x" * size


async def test_a_body_at_the_limit_passes() -> None:
    async with client() as http:
        assert (await http.post("/", content=b"x" * 1000)).text == "1000"
        assert (await http.post("/", content=pieces(10))).text == "1000"


async def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    async with client() as http:
        answer = await http.post("/", content=b"", headers={"Content-Length": "9" * 30})
        assert answer.status_code == 413


async def test_an_undeclared_length_is_counted_while_it_streams() -> None:
    async with client() as http:
        answer = await http.post("/", content=pieces(11))
        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"


async def test_a_path_may_have_its_own_limit() -> None:
    async with client() as http:
        assert (await http.post("/upload/x", content=pieces(50))).text == "5000"
        assert (await http.post("/upload/x", content=pieces(51))).status_code == 413


async def test_a_body_that_trickles_is_cut_off() -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    async with client(timeout_s=0.02) as http:
        assert (await http.post("/", content=never())).status_code == 408

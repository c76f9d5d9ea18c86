"""Connections that never get to the point are closed; others are left alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from scope.server.punctual import PunctualH11

pytestmark = pytest.mark.anyio


@pytest.fixture
async def impatient(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    monkeypatch.setattr(PunctualH11, "check_every_s", 0.05)
    live = await serve(pipeline=None)
    url = live.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    yield reader, writer
    writer.close()


async def test_a_head_that_trickles_is_cut_off(impatient: Any) -> None:
    reader, writer = impatient
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    async with asyncio.timeout(5):
        assert await reader.read() == b""


async def test_a_second_head_that_trickles_is_cut_off_too(impatient: Any) -> None:
    reader, writer = impatient
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    async with asyncio.timeout(4):
        await read_answer(reader)
        writer.write(b"GET /hea")
        assert await reader.read() == b""


async def test_a_huge_head_is_refused(impatient: Any) -> None:
    reader, writer = impatient
    writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Big: " + b"x" * 100_000)
    async with asyncio.timeout(5):
        assert b" 400 " in await reader.readline()


async def test_a_connection_at_rest_is_left_to_its_own_timer(impatient: Any) -> None:
    reader, writer = impatient
    for _ in range(3):
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(5):
            await read_answer(reader)
        await asyncio.sleep(0.15)


async def read_answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await reader.readexactly(length)


class Closed:
    """A connection that is closed while its other end takes nothing of what is left."""

    def __init__(self) -> None:
        self.cut = asyncio.Event()

    def is_closing(self) -> bool:
        return True

    def abort(self) -> None:
        self.cut.set()


async def test_a_closed_connection_whose_rest_nobody_takes_is_cut() -> None:
    connection: Any = PunctualH11.__new__(PunctualH11)
    connection.transport, connection.loop = Closed(), asyncio.get_running_loop()
    connection.rest_at_most_s = 0.01
    connection._look()
    async with asyncio.timeout(5):
        await connection.transport.cut.wait()

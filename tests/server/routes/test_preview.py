"""Pictures without WebRTC."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from PIL import Image

from scope.media import still
from scope.server import unread

pytestmark = pytest.mark.anyio


async def test_a_preview_is_a_series_of_jpegs_until_the_session_ends(live: Any) -> None:
    assert (await live.http.get("/api/v1/session/preview.mjpg")).status_code == 404
    started = await live.http.post("/api/v1/session/start", json={})
    assert started.status_code == 200
    async with live.http.stream("GET", "/api/v1/session/preview.mjpg?fps=15") as answer:
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=picture"
        received = b""
        async for part in answer.aiter_bytes():
            received += part
            if received.count(b"--picture\r\n") == 3:
                await live.http.post("/api/v1/session/stop", json={})
    assert received.endswith(b"--picture--\r\n")
    head, _, rest = received.partition(b"\r\n\r\n")
    length = int(head.rpartition(b"Content-Length: ")[2])
    assert Image.open(io.BytesIO(rest[:length])).size == (512, 128)


async def test_there_are_only_so_many(serve: Any) -> None:
    live = await serve(max_previews=1)
    await live.http.post("/api/v1/session/start", json={})
    async with live.http.stream("GET", "/api/v1/session/preview.mjpg") as first:
        parts = first.aiter_bytes()
        assert await anext(parts)
        refused = await live.http.get("/api/v1/session/preview.mjpg")
        assert (refused.status_code, refused.json()["code"]) == (503, "at_capacity")


@asynccontextmanager
async def one_who_stops_reading(live: Any) -> AsyncIterator[None]:
    """A real connection whose other end takes the first bytes of a picture and no more."""
    url = live.http.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port, limit=1024)
    writer.write(
        f"GET /api/v1/session/preview.mjpg?fps=15 HTTP/1.1\r\nHost: {url.host}\r\n\r\n".encode()
    )
    try:
        assert b" 200 OK" in await reader.readuntil(b"image/jpeg")
        yield
    finally:
        writer.close()


async def place_is_free(live: Any) -> None:
    async with asyncio.timeout(20):
        while live.services.previews._watched:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Pictures that are more than the system's buffers hold; whether the second is on its way."""
    made, second = iter(range(1_000_000)), threading.Event()

    def jpeg(*_: Any) -> bytes:
        if next(made) == 1:
            second.set()
        return bytes(8 * 2**20)

    monkeypatch.setattr(still, "jpeg", jpeg)
    return second


@pytest.mark.usefixtures("stuck")
async def test_who_stops_reading_loses_the_place(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread, "PIECE_AT_MOST_S", 0.3)
    live = await serve(max_previews=1)
    await live.http.post("/api/v1/session/start", json={})
    async with one_who_stops_reading(live):
        await place_is_free(live)
        async with live.http.stream("GET", "/api/v1/session/preview.mjpg") as next_one:
            assert next_one.status_code == 200


async def test_the_end_of_the_session_is_the_end_for_who_stops_reading_too(
    serve: Any, stuck: threading.Event
) -> None:
    live = await serve(max_previews=1)
    await live.http.post("/api/v1/session/start", json={})
    async with one_who_stops_reading(live):
        assert await asyncio.to_thread(stuck.wait, 10)
        assert live.services.previews._watched
        async with asyncio.timeout(unread.PIECE_AT_MOST_S / 2):
            await live.http.post("/api/v1/session/stop", json={})
            await place_is_free(live)


@pytest.mark.parametrize("query", ["fps=0", "fps=99", "quality=0"])
async def test_a_wrong_query_is_refused(live: Any, query: str) -> None:
    assert (await live.http.get(f"/api/v1/session/preview.mjpg?{query}")).status_code == 422

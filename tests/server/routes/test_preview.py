"""Pictures without WebRTC."""

import io
from typing import Any

import pytest
from PIL import Image

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


@pytest.mark.parametrize("query", ["fps=0", "fps=99", "quality=0"])
async def test_a_wrong_query_is_refused(live: Any, query: str) -> None:
    assert (await live.http.get(f"/api/v1/session/preview.mjpg?{query}")).status_code == 422

"""The machine, and the server's figures."""

from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_the_machine_is_described(serve: Any) -> None:
    live = await serve(pipeline=None)
    body = (await live.http.get("/api/v1/hardware/info")).json()
    assert "vram_gb" in body
    assert body["cpu_count"] >= 1


async def test_prometheus_reads_the_figures(serve: Any) -> None:
    live = await serve(pipeline=None)
    answer = await live.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "scope_sessions 0.0" in answer.text

"""Alive, ready, and which build."""

from datetime import datetime
from typing import Any

import pytest

pytestmark = pytest.mark.anyio


async def test_health_says_which_build_runs_since_when(serve: Any) -> None:
    live = await serve(pipeline=None, git_commit="abc123")
    body = (await live.http.get("/health")).json()
    assert body["status"] == "healthy"
    assert body["git_commit"] == "abc123"
    assert body["version"]
    assert datetime.fromisoformat(body["timestamp"]) >= datetime.fromisoformat(
        body["server_start_time"]
    )


async def test_alive_is_not_ready(serve: Any) -> None:
    live = await serve(pipeline=None)
    assert (await live.http.get("/health/live")).status_code == 200
    answer = await live.http.get("/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "reason": "not_loaded"})


async def test_ready_once_the_pipeline_is_loaded(live: Any) -> None:
    answer = await live.http.get("/health/ready")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)

"""Requests with typed errors."""

from pathlib import Path

import pytest

from scope.client.errors import NotFound, Unreachable
from scope.client.http import Http
from tests.server.conftest import Live

pytestmark = pytest.mark.anyio


async def test_nobody_at_home_is_unreachable() -> None:
    async with Http("http://127.0.0.1:9") as http:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
            await http.get("/health")


async def test_an_error_of_the_server_is_typed(live: Live, tmp_path: Path) -> None:
    async with Http(str(live.http.base_url)) as http:
        assert (await http.get("/health"))["status"] == "healthy"
        with pytest.raises(NotFound):
            await http.get("/nothing")
        with pytest.raises(NotFound):
            await http.save("/nothing", tmp_path / "file")
        assert not (tmp_path / "file").exists()


async def test_a_file_appears_when_it_is_whole(live: Live, tmp_path: Path) -> None:
    async with Http(str(live.http.base_url)) as http:
        size = await http.save("/client.js", tmp_path / "client.js")
        saved = (tmp_path / "client.js").read_bytes()
        assert len(saved) == size
        assert await http.read("/client.js") == saved


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.5", True),
        ("http://[::1]:1", True),
        ("https://scope.example", False),
    ],
)
async def test_this_machine_is_known(url: str, near: bool) -> None:
    async with Http(url) as http:
        assert http.is_loopback is near

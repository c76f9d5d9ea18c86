"""A recording the server makes, brought here: the calls and what is left on the disk."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scope.client.errors import ClientError
from scope.client.http import Http
from scope.client.recording import Recording

pytestmark = pytest.mark.anyio
FILM = b"\0\0\0\x18ftypiso5" * 1000


class Answers(http.server.BaseHTTPRequestHandler):
    """The three routes of docs/wire.md for one session, `here`."""

    calls: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(b'{"url": "/api/v1/recordings/here?number=2"}')

    def do_GET(self) -> None:
        self._answer(FILM)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, body: bytes) -> None:
        self.calls.append(f"{self.command} {self.path}")
        known = "/recordings/here" in self.path
        self.send_response(200 if known else 404)
        body = body if known else b'{"detail": "no such session", "code": "session_not_found"}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    calls: list[str] = []
    kind = type("_", (Answers,), {"calls": calls})
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{running.server_address[1]}", calls
    running.shutdown()
    running.server_close()


async def test_it_is_begun_ended_and_fetched(server: tuple[str, list[str]], tmp_path: Path) -> None:
    url, calls = server
    async with Http(url) as api:
        recording = Recording(api, "here", tmp_path / "film.mp4")
        await recording.start()
        assert await recording.stop() == len(FILM)
    assert (tmp_path / "film.mp4").read_bytes() == FILM
    route = "/api/v1/recordings/here"
    assert calls == [f"POST {route}/start", f"POST {route}/stop", f"GET {route}?number=2"]


async def test_a_session_that_is_gone_leaves_no_file(
    server: tuple[str, list[str]], tmp_path: Path
) -> None:
    async with Http(server[0]) as api:
        recording = Recording(api, "gone", tmp_path / "film.mp4")
        with pytest.raises(ClientError, match="no such session"):
            await recording.start()
        with pytest.raises(ClientError):
            await recording.stop()
    assert not (tmp_path / "film.mp4").exists()

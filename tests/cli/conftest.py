"""A real server beside the command: it has a thread and a loop of its own."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from scope.cli.main import app
from tests.server.conftest import live_server, settings_for_tests


class Aside:
    """`url` of a server that runs until `end`."""

    def __init__(self, **changes: Any) -> None:
        self.url = ""
        self._changes = changes
        self._up, self._loop_up = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._up.wait(20)

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with live_server(settings_for_tests(**self._changes)) as live:
            self.url = str(live.http.base_url)
            self._up.set()
            await self._over.wait()

    def play(self, **parameters: Any) -> str:
        """Begin a session without a peer; its id."""
        body = {"parameters": parameters} if parameters else {}
        answer = httpx2.post(f"{self.url}/api/v1/session/start", json=body, trust_env=False)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["session_id"])

    def stop_playing(self) -> None:
        httpx2.post(f"{self.url}/api/v1/session/stop", json={}, trust_env=False)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)


@pytest.fixture(scope="module")
def aside() -> Iterator[Aside]:
    """One server with the test card for all tests of a file."""
    made = Aside()
    yield made
    made.end()


@pytest.fixture
def playing(aside: Aside) -> Iterator[str]:
    """The id of the one session that plays."""
    yield aside.play()
    aside.stop_playing()


Run = Callable[..., Any]


@pytest.fixture
def run(aside: Aside, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command against that server; with `--json` what it printed, read."""
    monkeypatch.setenv("SCOPE_URL", aside.url)

    def run_line(*line: str, code: int = 0) -> Any:
        result = CliRunner().invoke(app, list(line))
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in line and code == 0 else result

    return run_line

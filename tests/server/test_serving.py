"""The real command in a real process: start, signals, exit."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from scope.server.serving import PortTaken, listen, url_of
from scope.settings import Settings

pytestmark = pytest.mark.anyio
COMMAND = (sys.executable, "-c", "from scope.cli.main import main; main()")


class Command:
    """`daydream-scope` with some options."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def exit_status(self, *, within_s: float) -> int:
        async with asyncio.timeout(within_s):
            return await self.process.wait()


@pytest.fixture
async def command() -> AsyncIterator[Callable[..., Any]]:
    running: list[asyncio.subprocess.Process] = []

    async def start(*options: str) -> Command:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *("-N", "--port", "0", "--pipeline", "testcard", *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        running.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            while b"http://" not in (line := await process.stdout.readline()):
                assert line, "the command ended"
        return Command(process, line.decode().split()[-1])

    yield start
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def worker_of(pid: int) -> int:
    """The child process that holds the pipeline; the other one only tracks shared memory."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for each in lists for child in each.read_text().split()]
    (worker,) = (
        child
        for child in children
        if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()
    )
    return worker


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def until(done: Callable[[], bool], *, within_s: float) -> None:
    """Wait for something in another process."""
    async with asyncio.timeout(within_s):
        while not done():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.05)


async def test_a_signal_ends_it_with_success(command: Callable[..., Any]) -> None:
    running = await command()
    running.process.send_signal(signal.SIGTERM)
    assert await running.exit_status(within_s=10) == 0


async def test_a_viewer_hears_of_the_end_and_the_exit_is_clean(
    command: Callable[..., Any], client: Any
) -> None:
    running = await command()
    async with httpx2.AsyncClient(base_url=running.url, timeout=20, trust_env=False) as http:
        await client.start(http)
        await client.notice("hello")
        running.process.send_signal(signal.SIGTERM)
        await client.notice("draining")
        assert (await client.notice("stream_stopped"))["code"] == "server_shutdown"
    assert await running.exit_status(within_s=10) == 0


async def test_a_second_signal_ends_it_within_a_second(
    command: Callable[..., Any], client: Any
) -> None:
    running = await command()
    async with httpx2.AsyncClient(base_url=running.url, timeout=20, trust_env=False) as http:
        await client.start(http)
        await client.notice("hello")
        worker = worker_of(running.process.pid)
        running.process.send_signal(signal.SIGTERM)
        await client.notice("draining")
        began_s = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        await running.exit_status(within_s=5)
    assert time.monotonic() - began_s <= 1.5
    await until(lambda: is_gone(worker), within_s=5)


async def test_a_killed_worker_is_told_within_a_second_and_a_new_offer_plays(
    command: Callable[..., Any], client: Any, make_client: Callable[..., Any]
) -> None:
    running = await command()
    async with httpx2.AsyncClient(base_url=running.url, timeout=20, trust_env=False) as http:
        await client.start(http)
        await client.has_frames(3)
        began_s = time.monotonic()
        os.kill(worker_of(running.process.pid), signal.SIGKILL)
        stopped = await client.notice("stream_stopped")
        assert time.monotonic() - began_s <= 1.0
        assert stopped["code"] == "worker_lost"
        assert stopped["error_message"]
        await plays_again(http, make_client, within_s=10)


async def plays_again(http: Any, make_client: Callable[..., Any], *, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while (await http.get("/health/ready")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        again = make_client()
        await again.start(http)
        await again.has_frames(1)


def test_a_taken_port_is_told_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"--port {port + 1}"):
            listen(Settings(port=port))


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", "localhost"), ("0.0.0.0", "localhost"), ("127.0.0.2", "127.0.0.2")],
)
def test_the_address_a_browser_opens(host: str, expected: str) -> None:
    settings = Settings(host=host, port=0)
    with listen(settings) as listener:
        port = listener.getsockname()[1]
        assert url_of(settings, listener) == f"http://{expected}:{port}"

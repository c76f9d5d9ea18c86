"""The real command in a real process, and a real browser."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Page, async_playwright

from bench.target import free_port, spawn, stop

READY_S = 40.0
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Chromium gathers no ICE candidates at all where loopback is the only interface, whatever the
# server offers, unless it is told to use it; and it cannot announce mDNS names there.
LOOPBACK_FLAGS = [
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

OpenPage = Callable[..., AbstractAsyncContextManager[Page]]


@dataclass(slots=True)
class Server:
    """A server that is ready. complaints: console errors of pages opened on it."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    base: str = field(init=False)

    def __post_init__(self) -> None:
        self.base = f"http://localhost:{self.port}"

    def log_text(self) -> str:
        """Everything it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until_ready(self) -> None:
        """Poll with a deadline; a server that does not come up shows its log."""
        deadline_s = time.monotonic() + READY_S
        with httpx2.Client(base_url=self.base, timeout=5) as http:
            while time.monotonic() < deadline_s and self.process.poll() is None:
                with contextlib.suppress(httpx2.HTTPError):
                    if http.get("/health/ready").status_code == 200:
                        return
                time.sleep(0.05)
        pytest.fail(f"the server did not become ready:\n{self.log_text()}")


Serve = Callable[..., Server]


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[Serve]:
    started: list[Server] = []

    def serve(*arguments: str, pipeline: str = "testcard", port: int | None = None) -> Server:
        port = port or free_port()
        log = folder / f"server-{port}.log"
        options = ["--port", str(port), "-N", "--pipeline", pipeline, *arguments]
        server = Server(port, spawn(options, log=log), log)
        started.append(server)
        server.wait_until_ready()
        return server

    try:
        yield serve
    finally:
        for server in started:
            stop(server.process)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers that end with the test."""
    with _serving(tmp_path) as serve:
        yield serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with the test card for all tests of a file."""
    with _serving(tmp_path_factory.mktemp("server")) as serve:
        yield serve()


@pytest.fixture
def open_page() -> OpenPage:
    """`async with open_page(*flags) as page`: a fresh browser that can read the test card."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    reader = Path(__file__).with_name("card.js")
    alone = [name for _, name in socket.if_nameindex()] == ["lo"]
    always = FLAGS + LOOPBACK_FLAGS if alone else FLAGS

    @contextlib.asynccontextmanager
    async def opened(
        *flags: str, width: int = 1280, height: int = 800, reduced_motion: bool = False
    ) -> AsyncIterator[Page]:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*always, *flags]
            )
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                reduced_motion="reduce" if reduced_motion else "no-preference",
            )
            page = await context.new_page()
            await page.add_init_script(path=reader)
            try:
                yield page
            finally:
                await browser.close()

    return opened

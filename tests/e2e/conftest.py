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
from typing import Any

import httpx2
import pytest
from playwright import sync_api
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

CARD_READER = Path(__file__).with_name("card.js")
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

    def end_sessions(self) -> None:
        """End what closed pages left: a page that vanishes leaves a session that may return."""
        with httpx2.Client(base_url=self.base, timeout=5) as http:
            for session_id in http.get("/api/v1/session/metrics").json()["sessions"]:
                http.delete(f"/api/v1/webrtc/offer/{session_id}").raise_for_status()

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
Browse = Callable[..., Any]


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[Serve]:
    started: list[Server] = []

    def serve(
        *arguments: str, pipeline: str = "testcard", port: int | None = None, wait: bool = True
    ) -> Server:
        port = port or free_port()
        log = folder / f"server-{port}.log"
        options = ["--port", str(port), "-N", "--pipeline", pipeline, *arguments]
        server = Server(port, spawn(options, log=log), log)
        started.append(server)
        if wait:
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


def _flags() -> list[str]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    alone = [name for _, name in socket.if_nameindex()] == ["lo"]
    return FLAGS + LOOPBACK_FLAGS if alone else FLAGS


@pytest.fixture(scope="module")
def serve_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Starts servers that end with the last test of the file."""
    with _serving(tmp_path_factory.mktemp("servers")) as serve:
        yield serve


@pytest.fixture(scope="module")
def chromium() -> Iterator[sync_api.Browser]:
    """One browser for all tests of a file."""
    flags = _flags()
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium: sync_api.Browser) -> Iterator[Browse]:
    """`browse(address)`: a page as a newcomer has it, without anything kept from before."""
    contexts: list[sync_api.BrowserContext] = []
    complaints: list[str] = []

    def opened(
        address: str,
        *,
        width: int = 1440,
        height: int = 900,
        calm: bool = False,
        touch: bool = False,
    ) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            reduced_motion="reduce" if calm else "no-preference",
            accept_downloads=True,
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        context.add_init_script(path=CARD_READER)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture(scope="session")
def tunable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of the page: a test card with a parameter of every kind."""
    file = Path(__file__).with_name("demanding_pipeline.py")
    with _serving(tmp_path_factory.mktemp("tunable")) as serve:
        yield serve(pipeline=f"{file}:Tunable")


@pytest.fixture
def open_page() -> OpenPage:
    """`async with open_page(*flags) as page`: a fresh browser that can read the test card."""
    always = _flags()

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
            await page.add_init_script(path=CARD_READER)
            try:
                yield page
            finally:
                await browser.close()

    return opened

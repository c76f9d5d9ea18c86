"""Running the application: socket, signals, drain, exit.

The first SIGTERM or SIGINT drains: viewers are told, streams end with a reason, and the
process exits with 0. The second one ends it within a second, whatever hangs.
"""

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from scope.server.peers import import_webrtc
from scope.server.punctual import PunctualH11
from scope.server.services import Services
from scope.sessions.tasks import OwnedTasks
from scope.settings import Settings

DRAIN_MARGIN_S = 7.0
"""What the end may take after the viewers' time is over; then the process just exits."""
STARTUP_AT_MOST_S = 60.0
SECOND_SIGNAL_S = 0.5
BACKLOG = 512


class PortTaken(Exception):
    """Nobody can listen there; the text says what to do."""


def listen(settings: Settings) -> socket.socket:
    """Bind the port before anything slow is done. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            f"Is the server running already? Another port: --port {settings.port + 1}"
        ) from error
    listener.setblocking(False)
    return listener


def url_of(settings: Settings, listener: socket.socket) -> str:
    """Where a browser on this machine finds the page."""
    port = listener.getsockname()[1]
    anywhere = settings.host in {"127.0.0.1", "0.0.0.0", "::", "::1", ""}  # noqa: S104
    return f"http://{'localhost' if anywhere else settings.host}:{port}"


def serve(
    app: FastAPI, settings: Settings, *, listener: socket.socket, started: Callable[[], None]
) -> None:
    """Serve until a signal comes. `started` is called once requests are answered."""
    server = DrainingServer(uvicorn_config(app), settings=settings, started=started)
    server.run(sockets=[listener])


def uvicorn_config(app: FastAPI) -> uvicorn.Config:
    """uvicorn as we run it: bounded heads, no header of a proxy believed, no own log."""
    return uvicorn.Config(
        app,
        http=PunctualH11,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=32 * 1024,
    )


class DrainingServer(uvicorn.Server):
    """uvicorn with our own answer to signals."""

    def __init__(
        self, config: uvicorn.Config, *, settings: Settings, started: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._drain_s = settings.drain_s
        self._on_started = started
        self._signals = 0
        self._tasks = OwnedTasks()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets=sockets)
        if self.started:
            self._on_started()
            self._tasks.start(self._freeze(), name="freeze")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ours instead of uvicorn's, which would raise the signal again at the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First: drain. Second: leave."""
        self._signals += 1
        if self._signals == 1 and self._loop is not None and self.started:
            _exit_after(self._drain_s + DRAIN_MARGIN_S, status=1)
            self._loop.call_soon_threadsafe(self._begin_drain)
            return
        self.should_exit = self.force_exit = True
        _exit_after(SECOND_SIGNAL_S, status=1 if self._signals > 1 else 0)

    async def _freeze(self) -> None:
        """Spare the garbage collector what stays for good, once all of it is there.

        Ended connections are cycles that only a full collection frees. Without the libraries'
        100,000 objects it is cheap, and therefore soon.
        """
        services: Services = self.config.app.state.services  # type: ignore[union-attr]
        await import_webrtc()
        await services.desk.started(at_most_s=STARTUP_AT_MOST_S)
        gc.freeze()
        gc.collect()  # of next to nothing now; it makes the collector forget how much there was

    def _begin_drain(self) -> None:
        self._tasks.start(self._drain(), name="drain")

    async def _drain(self) -> None:
        services: Services = self.config.app.state.services  # type: ignore[union-attr]
        try:
            await services.table.drain(in_s=self._drain_s)
        finally:
            self.should_exit = True


def _exit_after(delay_s: float, *, status: int) -> None:
    """Whatever hangs, the process is gone by then."""
    timer = threading.Timer(delay_s, os._exit, args=(status,))
    timer.daemon = True
    timer.start()

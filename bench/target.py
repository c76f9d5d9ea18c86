"""The server under test: reached by its URL, or launched here.

Every row says which test card it needs; loading it is this module's job.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

READY_S = 60.0


@dataclass(frozen=True, slots=True)
class Card:
    """Load parameters of the test card. compute_ms: as if a device worked that long a chunk."""

    compute_ms: float = 300
    fps: float = 30
    frames: int = 12
    width: int = 576
    height: int = 320

    @property
    def period_s(self) -> float:
        """Seconds a frame is shown."""
        return 1 / self.fps

    def load_params(self) -> dict[str, Any]:
        """As the server takes them."""
        return {
            "width": self.width,
            "height": self.height,
            "fps": self.fps,
            "frames": self.frames,
            "compute_ms": self.compute_ms,
            "pattern": "texture",
        }


@dataclass(slots=True)
class Target:
    """pid: of the server's own process, None when it runs elsewhere."""

    base: str
    http: httpx2.AsyncClient
    pid: int | None = None

    async def show(self, card: Card) -> None:
        """Load the test card as `card` says and wait until it is loaded."""
        await self.load("testcard", card.load_params())

    async def load(self, pipeline_id: str, params: dict[str, Any] | None = None) -> None:
        """Load any pipeline and wait."""
        body = {"pipeline_ids": [pipeline_id], "load_params": params or {}}
        response = await self.http.post("/api/v1/pipeline/load", json=body)
        response.raise_for_status()
        async with asyncio.timeout(READY_S):
            while True:
                status = (await self.http.get("/api/v1/pipeline/status")).json()
                if status["status"] == "loaded" and status["pipeline_id"] == pipeline_id:
                    return
                if status["status"] == "error":
                    raise RuntimeError(status["error"])
                await asyncio.sleep(0.05)


def command() -> list[str]:
    """The real command of this environment."""
    return [str(Path(sys.executable).with_name("daydream-scope"))]


def uv_command() -> list[str]:
    """What the README says, or the plain command where there is no uv."""
    uv = shutil.which("uv")
    return [uv, "run", "--no-sync", "daydream-scope"] if uv else command()


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spawn(
    arguments: Sequence[str],
    *,
    log: Path,
    program: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start the server in a process group of its own, its output going to `log`."""
    variables = {**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})}
    with log.open("ab") as output:
        return subprocess.Popen(
            [*(program or command()), *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=variables,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], *, patience_s: float = 12.0) -> None:
    """Ask nicely, then kill the whole group."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.asynccontextmanager
async def reach(base: str, pid: int | None) -> AsyncIterator[Target]:
    """A server that runs already."""
    async with httpx2.AsyncClient(base_url=base, timeout=30) as http:
        yield Target(base, http, pid)


@contextlib.asynccontextmanager
async def launch(pipeline_id: str = "testcard") -> AsyncIterator[Target]:
    """A server of this environment on a free port; its log is shown when it does not start."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "server.log")
        process = spawn(["--port", str(port), "-N", "--pipeline", pipeline_id], log=log)
        try:
            async with reach(f"http://127.0.0.1:{port}", process.pid) as target:
                await until_ready(target.http, process, log)
                yield target
        finally:
            stop(process)


async def until_ready(
    http: httpx2.AsyncClient, process: subprocess.Popen[bytes], log: Path
) -> None:
    """Poll /health/ready until it says yes. Raises RuntimeError with the log."""
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s and process.poll() is None:
        with contextlib.suppress(httpx2.HTTPError):
            if (await http.get("/health/ready")).status_code == 200:
                return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"the server did not become ready:\n{_text(log)}")


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")

"""From an offer to the first picture, and from the command line to the first answer."""

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path

import httpx2

from bench.figures import Figure, percentile
from bench.target import Card, Target, free_port, spawn, stop, uv_command
from bench.viewer import Viewer

TRIES = 7


async def test_card(target: Target) -> list[Figure]:
    """Offer → answer → connected → first decoded picture, with a slow and with a free chunk."""
    figures = []
    for compute_ms, bar_ms in ((300.0, 390.0), (0.0, 130.0)):
        await target.show(Card(compute_ms=compute_ms))
        label = f"compute {compute_ms:.0f} ms"
        figures += await _tries(target, label, bar_ms)
    return figures


async def built_in(target: Target) -> list[Figure]:
    """The same for the model that ships."""
    await target.load("vista")
    return await _tries(target, "vista", 700)


async def command(target: Target) -> list[Figure]:
    """`uv run daydream-scope` → first offer answered; a server of its own, default pipeline."""
    del target
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        start_s = time.monotonic()
        process = spawn(
            ["--port", str(port), "-N"], program=uv_command(), log=Path(folder, "server.log")
        )
        try:
            answered_s = await asyncio.wait_for(_first_answer(port), 60)
        finally:
            stop(process)
    return [Figure("command → first offer answered", answered_s - start_s, "s", ("<=", 5.0))]


async def _first_answer(port: int) -> float:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        await asyncio.sleep(0.01)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        viewer = Viewer(http)
        await viewer.start()
        await viewer.close()
    return viewer.times.answered_s


async def _tries(target: Target, label: str, bar_ms: float) -> list[Figure]:
    answer_ms, connected_ms, picture_ms = [], [], []
    for _ in range(TRIES):
        viewer = Viewer(target.http, decode=True)
        await viewer.start()
        await viewer.first_picture()
        times = viewer.times
        await viewer.close()
        answer_ms.append(1000 * (times.answered_s - times.offered_s))
        connected_ms.append(1000 * (times.connected_s - times.offered_s))
        picture_ms.append(1000 * (times.first_picture_s - times.offered_s))
    return [
        Figure(f"offer → answer, {label}", percentile(answer_ms, 50), "ms"),
        Figure(f"offer → connected, {label}", percentile(connected_ms, 50), "ms"),
        Figure(
            f"offer → first decoded frame, {label}",
            percentile(picture_ms, 50),
            "ms",
            ("<=", bar_ms),
            f"worst of {TRIES}: {max(picture_ms):.0f}",
        ),
    ]

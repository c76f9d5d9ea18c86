"""What others notice while somebody connects, leaves, is killed or posts garbage.

The disturbances run in processes of their own (bench/disturber.py), so that what this client
itself does never stalls the viewer that watches.
"""

import asyncio
import contextlib
import sys
import time

import httpx2

from bench.figures import Figure, between, gaps_s, percentile
from bench.target import Card, Target
from bench.viewer import Viewer

ROUNDS = 6
WINDOW_S = 2.5
GET_EVERY_S = 0.05
KINDS = ("nothing", "join", "watch", "killed", "garbage")


async def test_card(target: Target) -> list[Figure]:
    """Worst gap and slowest GET per kind of disturbance."""
    card = Card(compute_ms=0)
    await target.show(card)
    viewer = Viewer(target.http)
    await viewer.start()
    await viewer.first_frame()
    await asyncio.sleep(2)
    figures = []
    for kind in KINDS:
        gaps, gets_ms = [], []
        for _ in range(ROUNDS):
            gap_s, round_ms = await _round(target, viewer, kind)
            gaps.append(gap_s * card.fps)
            gets_ms += round_ms
        bar = None if kind == "nothing" else 1.5
        figures += [
            Figure(
                f"worst gap of another viewer: {kind}",
                max(gaps),
                "periods",
                ("<=", bar) if bar else None,
                f"median of {ROUNDS} rounds: {percentile(gaps, 50):.2f}",
            ),
            Figure(
                f"slowest GET: {kind}",
                max(gets_ms),
                "ms",
                ("<=", 50) if bar else None,
                f"p50 {percentile(gets_ms, 50):.1f}",
            ),
        ]
    await viewer.close()
    return figures


async def _round(target: Target, viewer: Viewer, kind: str) -> tuple[float, list[float]]:
    disturber = await _Disturber.prepared(target.base, kind, viewer.session_id)
    await asyncio.sleep(0.3)
    start_s = time.monotonic()
    polling = asyncio.create_task(_poll(target.base, start_s + WINDOW_S))
    await disturber.go()
    await asyncio.sleep(WINDOW_S)
    if kind == "killed":
        disturber.kill()
        await asyncio.sleep(0.5)
    end_s = time.monotonic()
    gets_ms = await polling
    await disturber.gone()
    return max(gaps_s(between(viewer.frames, start_s, end_s)), default=9.9), gets_ms


async def _poll(base: str, until_s: float) -> list[float]:
    took_ms = []
    async with httpx2.AsyncClient(base_url=base, timeout=5) as http:
        await http.get("/health")
        while time.monotonic() < until_s:
            start_s = time.monotonic()
            await http.get("/health")
            took_ms.append(1000 * (time.monotonic() - start_s))
            await asyncio.sleep(GET_EVERY_S)
    return took_ms


class _Disturber:
    """A process that has done all its own start-up work before it is told to go."""

    def __init__(self, process: asyncio.subprocess.Process | None) -> None:
        self._process = process

    @classmethod
    async def prepared(cls, base: str, kind: str, session_id: str) -> "_Disturber":
        if kind == "nothing":
            return cls(None)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.disturber",
            base,
            kind,
            session_id,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        await process.stdout.readline()
        return cls(process)

    async def go(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.write(b"go\n")
            await self._process.stdin.drain()

    def kill(self) -> None:
        if self._process:
            self._process.kill()

    async def gone(self) -> None:
        if not self._process:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), 10)
            return
        self._process.kill()
        await self._process.wait()

"""Eight sessions at once, and memory over many connect cycles."""

import asyncio
import gc
import re
import time

from bench.figures import Figure, slope
from bench.process import Usage, usage
from bench.target import Card, Target
from bench.viewer import Viewer

SESSIONS = 8
WATCH_S = 20.0  # the lag told is that of the last minute, so with all of them joining
WARM_CYCLES = 50
SAMPLE_EVERY = 5


async def eight_sessions(target: Target) -> list[Figure]:
    """8 sessions at 16 fps whose clients drop RTP unread."""
    await target.show(Card(compute_ms=0, fps=16))
    viewers = [Viewer(target.http) for _ in range(SESSIONS)]
    for viewer in viewers:
        await viewer.start()
        await viewer.first_frame()
    await asyncio.sleep(3)
    start_s = time.monotonic()
    counts = [len(viewer.frames) for viewer in viewers]
    await asyncio.sleep(WATCH_S)
    span_s = time.monotonic() - start_s
    rates = [
        (len(viewer.frames) - count) / span_s for viewer, count in zip(viewers, counts, strict=True)
    ]
    lag_s = await _lag_s(target)
    for viewer in viewers:
        await viewer.close()
    figures = [
        Figure("8 sessions at 16 fps: the slowest gets", min(rates), "fps", (">=", 15.8)),
    ]
    if lag_s is not None:
        figures.append(Figure("8 sessions: event-loop lag p99", 1000 * lag_s, "ms", ("<=", 20)))
    return figures


async def cycles(target: Target, *, count: int) -> list[Figure]:
    """Connect, see a frame, leave; `count` times. What is left behind?"""
    if target.pid is None:
        return []
    await target.show(Card(compute_ms=0))
    await _cycle(target)
    await asyncio.sleep(2)
    start = usage(target.pid)
    at, pss_mib = [], []
    for number in range(1, count + 1):
        await _cycle(target)
        if number % SAMPLE_EVERY == 0 and number >= WARM_CYCLES:
            at.append(float(number))
            pss_mib.append(usage(target.pid).pss_mib)
            gc.collect()
    await asyncio.sleep(3)
    end = usage(target.pid)
    growth, error = slope(at, pss_mib)
    return [
        Figure(
            f"memory slope after {WARM_CYCLES} of {count} cycles",
            growth,
            "MiB a cycle",
            ("<=", 0.02),
            f"± {error:.4f}; {start.pss_mib:.0f} → {end.pss_mib:.0f} MiB",
        ),
        *_left_behind(start, end),
    ]


async def _cycle(target: Target) -> None:
    viewer = Viewer(target.http)
    await viewer.start()
    await viewer.first_frame()
    await viewer.close()


def _left_behind(start: Usage, end: Usage) -> list[Figure]:
    return [
        Figure(f"{name} left behind", after - before, "", ("<=", 0), f"{before} → {after}")
        for name, before, after in (
            ("file descriptors", start.fds, end.fds),
            ("threads", start.threads, end.threads),
            ("processes", start.processes, end.processes),
            ("shared memory segments", start.shared_segments, end.shared_segments),
        )
    ]


async def _lag_s(target: Target) -> float | None:
    """What the server tells of its event loop; None when it tells nothing."""
    text = (await target.http.get("/metrics")).text
    found = re.search(r"^scope_event_loop_lag_p99_seconds (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None

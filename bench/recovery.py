"""The worker is killed in the middle of a stream."""

import asyncio
import os
import signal
import time

from bench.figures import Figure
from bench.process import worker_pid
from bench.target import Card, Target
from bench.viewer import Refused, Viewer

PATIENCE_S = 30.0


async def test_card(target: Target) -> list[Figure]:
    """SIGKILL → `stream_stopped` with a reason → a new offer plays."""
    if target.pid is None:
        return []
    await target.show(Card())
    viewer = Viewer(target.http)
    await viewer.start()
    await viewer.channel_open()
    await viewer.first_frame()
    killed_s = time.monotonic()
    os.kill(worker_pid(target.pid), signal.SIGKILL)
    notice = await viewer.notice("stream_stopped")
    told_s = time.monotonic() - killed_s
    await viewer.close()
    plays_s = await asyncio.wait_for(_plays(target), PATIENCE_S) - killed_s
    reason = notice.get("error_message", "")
    return [
        Figure(
            "worker killed → stream_stopped", told_s, "s", ("<=", 1.0), reason or "no reason given"
        ),
        Figure("worker killed → error_message given", float(bool(reason)), "", (">=", 1)),
        Figure("worker killed → a new offer plays", plays_s, "s", ("<=", 10.0)),
    ]


async def _plays(target: Target) -> float:
    while True:
        viewer = Viewer(target.http)
        try:
            await viewer.start()
        except Refused:
            await asyncio.sleep(0.1)
            continue
        frame = await viewer.first_frame()
        await viewer.close()
        return frame.arrival_s

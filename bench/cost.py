"""CPU of the server per delivered frame, all its processes, and what a second peer adds."""

import asyncio

from bench.figures import Figure
from bench.process import usage
from bench.target import Card, Target
from bench.viewer import Viewer

SETTLE_S = 2.0
WATCH_S = 8.0


async def test_card(target: Target) -> list[Figure]:
    """VP8 and H264, each alone and with a WHEP peer of the same stream."""
    if target.pid is None:
        return []
    await target.show(Card())
    figures = []
    for codec, bar_ms in (("VP8", 3.5), ("H264", 2.5)):
        viewer = Viewer(target.http, codec=codec)
        await viewer.start()
        await viewer.first_frame()
        alone_ms = await _cost_ms(target.pid, viewer)
        second = Viewer(target.http, codec=codec)
        await second.watch(viewer.session_id)
        await second.first_frame()
        together_ms = await _cost_ms(target.pid, viewer)
        await second.close()
        alone_again_ms = await _cost_ms(target.pid, viewer)
        await viewer.close()
        alone_ms = (alone_ms + alone_again_ms) / 2
        figures += [
            Figure(f"server CPU per delivered frame, {codec}", alone_ms, "ms", ("<=", bar_ms)),
            Figure(f"a second peer adds, {codec}", together_ms - alone_ms, "ms", ("<=", 0.7)),
        ]
    return figures


async def _cost_ms(pid: int, viewer: Viewer) -> float:
    await asyncio.sleep(SETTLE_S)
    before, frames = usage(pid, memory=False).cpu_s, len(viewer.frames)
    await asyncio.sleep(WATCH_S)
    after = usage(pid, memory=False).cpu_s
    return 1000 * (after - before) / (len(viewer.frames) - frames)

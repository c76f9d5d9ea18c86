"""A blocked loop shows."""

import asyncio
import time

import pytest

from scope.server.loop_lag import LoopLag

pytestmark = pytest.mark.anyio


async def test_who_blocks_the_loop_is_seen() -> None:
    lag = LoopLag()
    task = asyncio.create_task(lag.run())
    await asyncio.sleep(0.06)
    time.sleep(0.15)  # noqa: ASYNC251 - this is the fault
    await asyncio.sleep(0.06)
    task.cancel()
    assert lag.max_s() >= 0.05


async def test_the_99th_percentile_leaves_the_worst_hundredth_out() -> None:
    lag = LoopLag()
    assert (lag.p99_s(), lag.max_s()) == (0.0, 0.0)
    for late_s in [0.001] * 995 + [1.0] * 5:
        lag.note(late_s)
    assert lag.p99_s() == pytest.approx(0.001)
    assert lag.max_s() == 1.0

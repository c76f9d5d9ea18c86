"""A download in a child process: started, listened to, cancelled, never in the loop's way.

Decides how the process begins and ends. What is fetched stands in the order.
"""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable

from scope.hub.order import Failed, Order, of_line
from scope.hub.progress import Meter, Progress

LONGEST_LINE = 64 * 1024
STOP_GRACE_S = 2.0
CANCELLED = Failed("cancelled", "The download was stopped; what has arrived is kept.")


class Download:
    """See the module. `run` once."""

    def __init__(
        self, order: Order, *, heard: Callable[[Progress], None] = lambda progress: None
    ) -> None:
        self._order = order
        self._heard = heard
        self._meter = Meter()
        self._cancelled = asyncio.Event()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._meter.progress

    def cancel(self) -> None:
        """Stop; the part that is here stays."""
        self._cancelled.set()

    async def run(self) -> Progress:
        """Download until the end, whatever it is; the last progress says which."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "scope.hub.child"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        complaints: deque[str] = deque(maxlen=8)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_note(process.stderr, complaints))
                stop = group.create_task(self._stop_when_cancelled(process))
                await self._listen(process)
                stop.cancel()
        finally:
            await _end(process)
        if self.progress.running:
            self._tell(self._why_it_ended(process.returncode, complaints))
        return self.progress

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(self._order.to_line())
        async for line in process.stdout:
            if self._cancelled.is_set():
                continue
            self._heard(self._meter.heard(of_line(line), now_s=time.monotonic()))

    async def _stop_when_cancelled(self, process: asyncio.subprocess.Process) -> None:
        await self._cancelled.wait()
        process.kill()

    def _why_it_ended(self, status: int | None, complaints: deque[str]) -> Failed:
        if self._cancelled.is_set():
            return CANCELLED
        last = complaints[-1] if complaints else f"status {status}"
        return Failed("download_failed", f"The download ended unexpectedly: {last}"[:500])

    def _tell(self, failed: Failed) -> None:
        self._heard(self._meter.heard(failed, now_s=time.monotonic()))


async def _note(stream: asyncio.StreamReader | None, complaints: deque[str]) -> None:
    """Keep the last lines, so that a crash can be explained."""
    assert stream is not None  # noqa: S101 - asked for above
    async for line in stream:
        if text := line.decode(errors="replace").strip():
            complaints.append(text)


async def _end(process: asyncio.subprocess.Process) -> None:
    """It has ended, or ends now."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_GRACE_S)
    except TimeoutError:
        process.kill()
        await process.wait()

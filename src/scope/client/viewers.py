"""Many viewers at once, and what each of them gets.

Decides how they come: a few at a time, as the server allows, and that one who is turned away
costs the others nothing.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from scope.client.api import Client
from scope.client.errors import ClientError
from scope.client.measuring import Arrivals, Flow, flow_of
from scope.client.stream import Stream
from scope.client.watching import Watching

AT_A_TIME = 3  # the server takes four from one address that are not connected yet


@dataclass(frozen=True, slots=True)
class Seen:
    """What one viewer got. first_picture_ms: from its offer. error: why it got nothing more."""

    number: int
    flow: Flow
    first_picture_ms: float | None = None
    error: str | None = None
    code: str | None = None


async def watched(
    client: Client,
    *,
    viewers: int,
    seconds: float,
    session_id: str | None,
    arrived: Callable[[int], None] = lambda count: None,
) -> list[Seen]:
    """`viewers` who look at that session, or without one each at a stream of its own.

    All of them have come, or were turned away, before the `seconds` begin.
    """
    doors = asyncio.Semaphore(AT_A_TIME)
    came = _Count(viewers, arrived)

    async def view(number: int) -> Seen:
        look = client.watch(session_id) if session_id else client.stream("", seed=number)
        return await _view(look, number, doors=doors, came=came, seconds=seconds)

    return list(await asyncio.gather(*(view(number) for number in range(1, viewers + 1))))


class _Count:
    """Everybody waits until all are here or were turned away."""

    def __init__(self, expected: int, arrived: Callable[[int], None]) -> None:
        self._expected, self._arrived, self._here = expected, arrived, 0
        self._all = asyncio.Event()

    async def one_more(self) -> None:
        self._here += 1
        self._arrived(self._here)
        if self._here == self._expected:
            self._all.set()

    async def all(self) -> None:
        await self._all.wait()


async def _view(
    look: Watching | Stream,
    number: int,
    *,
    doors: asyncio.Semaphore,
    came: _Count,
    seconds: float,
) -> Seen:
    arrivals = Arrivals()
    first_ms: float | None = None
    noting: asyncio.Task[None] | None = None
    try:
        async with AsyncExitStack() as stack:
            async with doors:
                try:
                    began_s = time.monotonic()
                    await stack.enter_async_context(look)
                    pictures = look.frames(format="yuv420p", latest=False)
                    noting = asyncio.create_task(arrivals.note(pictures))
                    first_ms = round(1000 * (await arrivals.first_s() - began_s), 1)
                finally:
                    await came.one_more()
            await came.all()
            arrivals.at_s.clear()
            await asyncio.wait([noting], timeout=seconds)
            if look.error is not None:
                raise look.error
    except ClientError as error:
        return Seen(number, flow_of(arrivals.at_s), first_ms, error.detail, error.code)
    finally:
        if noting is not None:
            noting.cancel()
    return Seen(number, flow_of(arrivals.at_s), first_ms)

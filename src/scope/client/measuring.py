"""How a server does, as a client sees it: when pictures come, and how soon a prompt is in them.

Decides what is measured and how it is summed up. Prints nothing.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scope.client.api import Client
from scope.client.errors import ConnectFailed
from scope.client.stream import Stream
from scope.client.values import Picture

FIRST_PICTURE_S = 60.0
PROMPT_EVERY_S = 1.7  # no multiple of any chunk
PROMPTS = ("a calm sea at sunset", "snowy mountains at noon", "a neon city at night")


@dataclass(frozen=True, slots=True)
class Spread:
    """p50, p95 and the worst of some values in milliseconds; None of nothing."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    worst_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """How pictures came. fps: between the first and the last, None of fewer than two."""

    pictures: int
    fps: float | None
    gaps: Spread


@dataclass(frozen=True, slots=True)
class Measured:
    """A stream that was watched for `seconds`.

    first_picture_ms: from the offer. chunks: what the server tells, once a second, of the time a
    chunk takes. prompts: from asking until the server has sent the first picture and said so.
    """

    pipeline_id: str
    width: int
    height: int
    nominal_fps: float
    seconds: float
    first_picture_ms: float
    flow: Flow
    chunks: Spread
    prompts: Spread
    prompts_sent: int


def spread_of(values_ms: Sequence[float]) -> Spread:
    """Sums over milliseconds."""
    if not values_ms:
        return Spread()
    p50, p95, worst = np.percentile(values_ms, (50, 95, 100))
    return Spread(round(float(p50), 1), round(float(p95), 1), round(float(worst), 1))


def flow_of(arrivals_s: Sequence[float]) -> Flow:
    """Sums over the times at which pictures came, in order."""
    gaps = [1000 * (later - earlier) for earlier, later in itertools.pairwise(arrivals_s)]
    took_s = arrivals_s[-1] - arrivals_s[0] if gaps else 0.0
    return Flow(
        pictures=len(arrivals_s),
        fps=round(len(gaps) / took_s, 2) if took_s > 0 else None,
        gaps=spread_of(gaps),
    )


class Arrivals:
    """When pictures come, in CLOCK_MONOTONIC seconds."""

    def __init__(self) -> None:
        self.at_s: list[float] = []
        self._news = asyncio.Event()

    async def note(self, pictures: AsyncIterator[Picture]) -> None:
        """Until they end."""
        try:
            async for picture in pictures:
                self.at_s.append(picture.received_s)
                self._news.set()
        finally:
            self._news.set()

    async def first_s(self) -> float:
        """When the first one came. Raises ConnectFailed where none does."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), FIRST_PICTURE_S)
        if not self.at_s:
            raise ConnectFailed("No picture came.", code="connect_failed")
        return self.at_s[0]


async def measure(
    client: Client, *, seconds: float, told: Callable[[float], None] = lambda done_s: None
) -> Measured:
    """Play a stream for `seconds` from its first picture on, with a prompt now and then.

    told: how many of them have passed. Raises ClientError.
    """
    came, chunks_ms = Arrivals(), list[float]()
    began_s = time.monotonic()
    async with client.stream(PROMPTS[0], seed=0) as stream:
        pictures = stream.frames(format="yuv420p", latest=False)
        listening = [
            asyncio.create_task(came.note(pictures)),
            asyncio.create_task(_chunks(stream, chunks_ms)),
        ]
        try:
            first_s = await came.first_s()
            prompts_ms = await _prompts(stream, seconds=seconds, told=told)
        finally:
            for task in listening:
                task.cancel()
            await asyncio.wait(listening)
        hello = stream.hello
    return Measured(
        pipeline_id=hello.pipeline_id if hello else "",
        width=hello.width if hello else 0,
        height=hello.height if hello else 0,
        nominal_fps=hello.fps if hello else 0.0,
        seconds=seconds,
        first_picture_ms=round(1000 * (first_s - began_s), 1),
        flow=flow_of(came.at_s),
        chunks=spread_of(chunks_ms),
        prompts=spread_of(prompts_ms),
        prompts_sent=len(prompts_ms),
    )


async def _chunks(stream: Stream, into: list[float]) -> None:
    async for event in stream.events():
        if event.kind == "stats" and event.body.get("chunk_ms") is not None:
            into.append(event.body["chunk_ms"])


async def _prompts(stream: Stream, *, seconds: float, told: Callable[[float], None]) -> list[float]:
    """Send prompts for so long; how long each took."""
    began_s = time.monotonic()
    delays_ms: list[float] = []
    for text in itertools.cycle(PROMPTS[1:] + PROMPTS[:1]):
        done_s = time.monotonic() - began_s
        told(min(done_s, seconds))
        if done_s >= seconds:
            return delays_ms
        await asyncio.sleep(min(PROMPT_EVERY_S, seconds - done_s))
        if time.monotonic() - began_s < seconds:
            delays_ms.append(1000 * (await stream.prompt(text, steps=0)).elapsed_s)
    return delays_ms

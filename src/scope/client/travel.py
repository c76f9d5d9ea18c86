"""A journey through prompts: each is reached at its time, gliding from the one before."""

import asyncio
import itertools
import time
from collections.abc import Sequence

from scope.client.stream import Stream
from scope.client.values import Applied

USUAL_CHUNK_FRAMES = 12.0


async def travel(
    stream: Stream,
    keyframes: Sequence[tuple[float, str]],
    *,
    seed: int | None = None,
    loop: bool = False,
) -> None:
    """Show each prompt of `keyframes` (seconds from now, text) when its time has come.

    The first one is a cut, every other is glided to so that it is reached at its time. loop: go
    back to the first one and begin anew, until cancelled; that leg is as long as the last.
    """
    legs = _legs(keyframes, loop=loop)
    first = await stream.prompt(keyframes[0][1], cut=True)
    if seed is not None:
        first = await stream.set(seed=seed)
    chunk_s = _chunk_s(stream, first)
    began_s = time.monotonic() - keyframes[0][0]
    for lap in itertools.count() if loop else range(1):
        lap_s = lap * (legs[-1][1] - keyframes[0][0]) if legs else 0.0
        for from_s, to_s, text in legs:
            await asyncio.sleep(max(0.0, began_s + lap_s + from_s - time.monotonic()))
            steps = max(1, round((to_s - from_s) / chunk_s))
            await stream.prompt(text, steps=steps, method="slerp")
        if not legs:
            return


def _legs(keyframes: Sequence[tuple[float, str]], *, loop: bool) -> list[tuple[float, float, str]]:
    """(begins, ends, towards) of each glide. Raises ValueError unless times rise."""
    if not keyframes:
        raise ValueError("a journey needs a prompt")
    legs = [(a[0], b[0], b[1]) for a, b in itertools.pairwise(keyframes)]
    if any(to_s <= from_s for from_s, to_s, _ in legs):
        raise ValueError("the times of keyframes must rise")
    if loop and legs:
        from_s, to_s, _ = legs[-1]
        legs.append((to_s, to_s + (to_s - from_s), keyframes[0][1]))
    return legs


def _chunk_s(stream: Stream, applied: Applied) -> float:
    """How long a chunk is, from where an update landed and the nominal rate."""
    fps = stream.hello.fps if stream.hello else 16.0
    frames = applied.first_frame / applied.chunk if applied.chunk else USUAL_CHUNK_FRAMES
    return max(1.0, frames) / fps

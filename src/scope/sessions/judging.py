"""Whether a timeline can be played by what is loaded, found out beside the event loop.

A long one takes most of a second, in which every picture of every session would wait.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from scope.engine.api import Engine
from scope.errors import WorkerLost
from scope.pipelines.contract import PipelineSpec
from scope.protocol.timeline import Timeline
from scope.sessions.readiness import Readiness
from scope.sessions.score import Score, score_of

RETRY_AFTER_S = 2.0


async def judged(
    timeline: Timeline,
    parameters: Mapping[str, Any],
    *,
    engine: Engine,
    ready: Readiness,
    named: tuple[str, ...] | None,
) -> tuple[PipelineSpec, Score]:
    """What plays it, and how. Raises what is wrong with it, PipelineNotLoaded, and WorkerLost
    where the pipeline changed meanwhile. named: the pipelines it is meant for.
    """
    spec, status = ready.require(named), engine.status()
    if status.format is None or status.chunk_frames is None:
        raise WorkerLost("The pipeline was lost just now.", retry_after_s=RETRY_AFTER_S)
    judge = partial(
        score_of,
        timeline,
        spec=spec,
        video=status.format,
        chunk_frames=status.chunk_frames,
        parameters=parameters,
    )
    score = await asyncio.to_thread(judge)
    ready.require(score.decoded.pipeline_ids)
    if ready.require(named) != spec or engine.status().format != status.format:
        raise WorkerLost("Another pipeline was loaded just now.", retry_after_s=RETRY_AFTER_S)
    return spec, score

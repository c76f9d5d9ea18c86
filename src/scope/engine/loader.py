"""Brings one pipeline up: checks its load parameters, builds it, measures a chunk.

Decides what a load consists of and what its failure is called. Knows no streams.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from scope.clock import Clock
from scope.control import PromptItem, PromptMix, PromptSchedule
from scope.engine.control import invalid
from scope.engine.messages import LoadedPipeline
from scope.errors import InvalidParameters
from scope.pipelines.contract import LoadParams, Pipeline

WARM_UP_STEPS = 2
SLOW_STEP_S = 5.0

Stage = Callable[[str, float], None]


def checked_load(kind: type[Pipeline[Any, Any]], values: Mapping[str, Any]) -> LoadParams:
    """`values` (JSON) as the pipeline's own load parameters. Raises InvalidParameters."""
    try:
        params = kind.LoadParams.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        raise invalid(error) from None
    except (TypeError, ValueError) as error:
        raise InvalidParameters(f"The load parameters are not JSON: {error}.") from None
    kind.check_load(params)
    return params


class Loader:
    """Loads pipelines onto one device."""

    def __init__(self, *, device: str, clock: Clock, warm_up: bool = True) -> None:
        self._device = device
        self._clock = clock
        self._warm_up = warm_up

    def load(
        self, kind: type[Pipeline[Any, Any]], values: Mapping[str, Any], stage: Stage
    ) -> tuple[Pipeline[Any, Any], LoadedPipeline]:
        """The pipeline, and what it is like. Raises whatever the pipeline raises."""
        params = checked_load(kind, values)
        pipeline = kind(params, device=self._device, progress=stage)
        stage("warming up", 1.0)
        nominal_chunk_s = self._measure(pipeline) if self._warm_up else 0.0
        return pipeline, LoadedPipeline(
            pipeline_id=kind.id,
            format=pipeline.format,
            chunk_frames=pipeline.chunk_frames,
            nominal_chunk_s=nominal_chunk_s,
            seed=params.seed,
            load_params=params.model_dump(mode="json"),
            version=kind.version,
            facts=_plain(pipeline.facts()),
        )

    def _measure(self, pipeline: Pipeline[Any, Any]) -> float:
        """Time of the last warm-up step: the first one pays for what is only done once."""
        mix = PromptMix((PromptItem(type(pipeline).default_prompt or "warm-up"),))
        prompt = PromptSchedule().with_prompts(mix).step()
        params = type(pipeline).Params()
        state = pipeline.open(0)
        seconds = 0.0
        for _ in range(WARM_UP_STEPS):
            began_s = self._clock.now()
            pipeline.mark(state)
            for _piece in pipeline.step(state, params, prompt):
                pass
            seconds = self._clock.now() - began_s
            if seconds > SLOW_STEP_S:
                break
        return seconds


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON values: what reads them elsewhere must not have to import a pipeline's classes."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(facts), default=str))
    return plain

"""What is in force in one stream, and what an update does to it. Pure.

Decides how values are checked, what counts as a hard cut and how a prompt schedule moves
on. Knows the pipeline only by its `Params` class.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from scope.control import ControlUpdate, PromptSchedule, PromptStep
from scope.errors import InvalidParameters
from scope.pipelines.contract import Params

Judge = Callable[[Params], None]
"""What was loaded may not allow all that is good by itself: `Pipeline.check`."""


def anything(params: Params) -> None:
    """The judge where nothing is loaded."""


def checked_params(
    kind: type[Params], values: Mapping[str, Any], *, judge: Judge = anything
) -> Params:
    """`values` (JSON) as the pipeline's own parameters.

    Raises InvalidParameters with the field at fault. JSON types are taken strictly: "1" is
    no number, true is not 1.
    """
    try:
        params = kind.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        raise invalid(error) from None
    except (TypeError, ValueError) as error:
        raise InvalidParameters(f"The parameters are not JSON: {error}.") from None
    judge(params)
    return params


def invalid(error: ValidationError) -> InvalidParameters:
    """pydantic's first complaint as one of ours; never repeats the value."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    return InvalidParameters(f"{name or 'parameters'}: {first['msg']}", field=name or None)


@dataclass(frozen=True, slots=True)
class Control:
    """The control of one chunk.

    values: the JSON values given so far. params: the same with the defaults, checked.
    """

    params: Params
    revision: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    schedule: PromptSchedule = field(default_factory=PromptSchedule)
    seed: int = 0
    paused: bool = False

    def apply(self, update: ControlUpdate) -> "Control":
        """The control after `update`. Raises InvalidParameters and changes nothing."""
        values = {**self.values, **update.changes}
        params = checked_params(type(self.params), values) if update.changes else self.params
        schedule = self.schedule
        if update.method is not None:
            schedule = schedule.with_method(update.method)
        if update.prompts is not None:
            schedule = schedule.with_prompts(update.prompts)
        if update.transition is not None:
            schedule = schedule.with_transition(update.transition)
        return replace(
            self,
            params=params,
            revision=update.revision,
            values=values,
            schedule=schedule,
            seed=self.seed if update.seed is None else update.seed,
            paused=self.paused if update.paused is None else update.paused,
        )

    def advance(self) -> "Control":
        """Enter the next chunk."""
        return replace(self, schedule=self.schedule.advance())

    def prompt(self) -> PromptStep:
        """The prompt of the chunk last entered."""
        return self.schedule.step()


def is_hard_cut(before: Control, after: Control, update: ControlUpdate) -> bool:
    """Whether the stream starts afresh under `update`: the past is forgotten.

    It does on a reset, on a new seed, and on a changed `denoising_step_list` where the
    pipeline knows `manage_cache` and it is on. Never silently otherwise.
    """
    if update.reset or update.seed is not None:
        return True
    steps_changed = getattr(before.params, "denoising_step_list", None) != getattr(
        after.params, "denoising_step_list", None
    )
    return steps_changed and getattr(after.params, "manage_cache", False) is True

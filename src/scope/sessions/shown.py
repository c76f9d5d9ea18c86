"""Which parameters of a session are in force, as a client would write them; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scope.control import Interpolation, PromptItem, PromptMix
from scope.protocol.parameters import ParameterUpdate


@dataclass(frozen=True, slots=True)
class Shown:
    """prompts: the current mix, or the target of a transition. values: the other keys."""

    prompts: PromptMix = field(default_factory=PromptMix)
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> Interpolation:
        """How several prompts are blended."""
        return self.prompts.method

    def after(self, update: ParameterUpdate) -> "Shown":
        """What is in force once `update` is."""
        items = self.prompts.items
        if update.prompts is not None:
            items = update.prompts
        if update.transition is not None:
            items = update.transition.targets.items
        values = {**self.values, **update.changes}
        for key in ("seed", "paused", "input_mode"):
            if (value := getattr(update, key)) is not None:
                values[key] = value
        return Shown(PromptMix(items, update.method or self.method), values)

    def values_of(self, known: frozenset[str]) -> dict[str, Any]:
        """The pipeline's own keys among them."""
        return {key: value for key, value in self.values.items() if key in known}

    def parameters(self) -> dict[str, Any]:
        """In the keys of the wire."""
        return {
            "prompts": _prompts(self.prompts.items),
            "prompt_interpolation_method": self.method,
            **self.values,
        }


def as_parameters(update: ParameterUpdate) -> dict[str, Any]:
    """`update` in the keys of the wire, for those who did not send it."""
    found: dict[str, Any] = dict(update.changes)
    if update.prompts is not None:
        found["prompts"] = _prompts(update.prompts)
    if update.method is not None:
        found["prompt_interpolation_method"] = update.method
    if (glide := update.transition) is not None:
        found["transition"] = {
            "target_prompts": _prompts(glide.targets.items),
            "num_steps": glide.num_steps,
            "temporal_interpolation_method": glide.method,
        }
    for key in ("seed", "paused", "input_mode"):
        if (value := getattr(update, key)) is not None:
            found[key] = value
    if update.reset:
        found["reset_cache"] = True
    return found


def _prompts(items: tuple[PromptItem, ...]) -> list[dict[str, Any]]:
    return [{"text": item.text, "weight": item.weight} for item in items]

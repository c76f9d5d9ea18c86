"""From what a client sends to one checked update: the same rules for the offer's
`initialParameters`, the data channel and REST.

Decides whether a message is acceptable as a whole; a refused one changes nothing. It does
not know any pipeline: it is told which keys the loaded one declares, and hands their values
on for the pipeline's own `Params` to judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from scope.control import ControlUpdate, Interpolation, PromptItem, PromptMix, Transition
from scope.errors import InvalidParameters
from scope.protocol import strict_json
from scope.protocol.shared_keys import PipelineKeys, PromptEntry, SessionKeys, TransitionEntry

MAX_UNKNOWN = 16

ModelT = TypeVar("ModelT", bound=BaseModel)


class RefusedParameters(InvalidParameters):
    """A message of which nothing was applied; `message_id` is its `_id`, if it had one."""

    def __init__(
        self, detail: str, *, field: str | None = None, message_id: str | None = None
    ) -> None:
        super().__init__(detail, field=field)
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class ParameterUpdate:
    """What one message asks for; None: leave as it is.

    method: how several prompts of one frame are blended. changes: JSON values for keys the
    pipeline declares. `prompts` is None where a transition of the same message rules.
    """

    prompts: tuple[PromptItem, ...] | None = None
    method: Interpolation | None = None
    transition: Transition | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    reset: bool = False
    seed: int | None = None
    paused: bool | None = None
    recording: bool | None = None
    input_mode: str | None = None
    apply_now: bool = False

    def to_control(self, revision: int, *, method: Interpolation) -> ControlUpdate:
        """This update for the engine.

        method: the blending in force where the message names none. One that names prompts is
        about them, one that does not is about the prompts in force.
        """
        blend = self.method or method
        alone = self.prompts is None and self.transition is None
        return ControlUpdate(
            revision=revision,
            method=self.method if alone else None,
            prompts=None if self.prompts is None else PromptMix(self.prompts, blend),
            transition=None
            if self.transition is None
            else Transition(
                PromptMix(self.transition.targets.items, blend),
                self.transition.num_steps,
                self.transition.method,
            ),
            changes=dict(self.changes),
            reset=self.reset,
            seed=self.seed,
            paused=self.paused,
            apply_now=self.apply_now,
        )


@dataclass(frozen=True, slots=True)
class DecodedParameters:
    """A message that was accepted.

    unknown: keys that were ignored (at most `MAX_UNKNOWN`, each short enough to be told
    back). pipeline_ids: which pipelines an offer asks for, None if it does not say.
    """

    update: ParameterUpdate
    unknown: tuple[str, ...] = ()
    message_id: str | None = None
    pipeline_ids: tuple[str, ...] | None = None


def decode(text: str | bytes, *, known: frozenset[str]) -> DecodedParameters:
    """Read one message. Raises InvalidParameters (a RefusedParameters once it was JSON)."""
    return _decoded(strict_json.loads(text), known)


def decode_object(obj: Mapping[str, Any], *, known: frozenset[str]) -> DecodedParameters:
    """Read a message that is JSON already. known: the keys the loaded pipeline declares.

    A null means that the key is not given, except for keys of the pipeline's own.
    """
    strict_json.check_value(obj)
    return _decoded(obj, known)


def shared_key_names() -> frozenset[str]:
    """Every key of the table, declared by a pipeline or not."""
    return _names(SessionKeys) | _names(PipelineKeys)


def _decoded(obj: Any, known: frozenset[str]) -> DecodedParameters:
    if not isinstance(obj, dict):
        raise InvalidParameters("must be a JSON object")
    session = _validated(SessionKeys, obj)
    shared = _validated(PipelineKeys, obj)
    changes = _changes(obj, known)
    return DecodedParameters(
        update=ParameterUpdate(
            prompts=None if _glides(session) else _items(session.prompts),
            method=session.prompt_interpolation_method,
            transition=_transition(session.transition) if _glides(session) else None,
            changes=changes,
            reset=bool(session.reset_cache),
            seed=session.seed,
            paused=session.paused,
            recording=session.recording,
            input_mode=session.input_mode,
            apply_now=session.apply == "now",
        ),
        unknown=_unknown(obj, known, (session, shared)),
        message_id=session.message_id,
        pipeline_ids=None if session.pipeline_ids is None else tuple(session.pipeline_ids),
    )


@cache
def _names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def _validated(model: type[ModelT], obj: Mapping[str, Any]) -> ModelT:
    given = {key: obj[key] for key in _names(model) if obj.get(key) is not None}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        message_id = obj.get("_id")
        raise RefusedParameters(
            f"{path}: {first['msg'].removeprefix('Value error, ')}",
            field=path,
            message_id=message_id if isinstance(message_id, str) else None,
        ) from error


def _changes(obj: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    shared = _names(PipelineKeys)
    mine = known - _names(SessionKeys)
    return {
        key: value
        for key, value in obj.items()
        if key in mine and not (value is None and key in shared)
    }


def _glides(session: SessionKeys) -> bool:
    return session.transition is not None and bool(session.transition.target_prompts)


def _items(entries: list[PromptEntry] | None) -> tuple[PromptItem, ...] | None:
    if not entries:
        return None
    return tuple(PromptItem(entry.text, entry.weight) for entry in entries)


def _transition(entry: TransitionEntry | None) -> Transition | None:
    if entry is None:
        return None
    return Transition(
        targets=PromptMix(_items(entry.target_prompts) or ()),
        num_steps=entry.num_steps,
        method=entry.temporal_interpolation_method,
    )


def _unknown(
    obj: Mapping[str, Any], known: frozenset[str], models: tuple[SessionKeys, PipelineKeys]
) -> tuple[str, ...]:
    session, shared = models
    names = [key for key in obj if key not in known and key not in _names(SessionKeys)]
    for entry in session.prompts or ():
        names += [f"prompts.{key}" for key in entry.model_extra or ()]
    if session.transition is not None:
        names += [f"transition.{key}" for key in session.transition.model_extra or ()]
    for scale in shared.lora_scales or ():
        names += [f"lora_scales.{key}" for key in scale.model_extra or ()]
    shown = dict.fromkeys(strict_json.printable(name) for name in names)
    return tuple(shown)[:MAX_UNKNOWN]

"""A performance as JSON: what was sent, and with which chunk it took effect.

Decides the format, which people may write by hand too: an event is a message of the data
channel with `chunk` or `at_s`, and a bare list of events is a timeline. It does not know
pipelines; whoever replays one judges the parameters.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scope.control import ControlUpdate, PromptItem
from scope.errors import InvalidParameters
from scope.protocol import strict_json

MAX_EVENTS = 10_000
MAX_BYTES = 8 * 2**20
MAX_DEPTH = strict_json.MAX_DEPTH + 2  # an event is a message two levels down
MAX_FRAMES = 10**9
LONGEST_S = 7 * 86_400


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class TimelineEvent(_Part):
    """One message: `chunk` says exactly when, else `at_s`; the other keys are the message."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="allow")

    chunk: int | None = Field(default=None, ge=0, le=MAX_FRAMES)
    at_s: float | None = Field(default=None, ge=0, le=LONGEST_S)

    def message(self) -> dict[str, Any]:
        """What a client would have sent."""
        return dict(self.model_extra or {})


class TimelinePipeline(_Part):
    """What made the pictures. facts: its weights, precision, threads, as it tells them."""

    id: str = Field(max_length=128)
    version: str = Field(default="", max_length=64)
    load_params: dict[str, Any] = {}
    facts: dict[str, Any] = {}


class Timeline(_Part):
    """GET /api/v1/session/timeline, and what `render` and `session/start` take.

    initial: parameters in force before the first frame. frames, chunks: how many of them were
    made; seconds: the same, for people. cut_off: the log was full, updates from this chunk on
    are missing, and `frames` ends there. rollbacks: how often it went back to act at once;
    what was undone is not in the events.
    """

    version: Literal[1] = 1
    made_with: str | None = Field(default=None, max_length=128)
    pipeline: TimelinePipeline | None = None
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    width: int | None = Field(default=None, ge=1, le=2**16)
    height: int | None = Field(default=None, ge=1, le=2**16)
    fps: float | None = Field(default=None, gt=0, le=1000)
    chunk_frames: int | None = Field(default=None, ge=1, le=MAX_FRAMES)
    initial: dict[str, Any] = {}
    events: list[TimelineEvent] = Field(default=[], max_length=MAX_EVENTS)
    frames: int | None = Field(default=None, ge=0, le=MAX_FRAMES)
    chunks: int | None = Field(default=None, ge=0, le=MAX_FRAMES)
    seconds: float | None = Field(default=None, ge=0, le=LONGEST_S)
    rollbacks: int = Field(default=0, ge=0)
    cut_off: int | None = Field(default=None, ge=0)

    def as_json(self) -> dict[str, Any]:
        """As JSON values; keys that say nothing are left out."""
        return self.model_dump(mode="json", exclude_none=True)


def read_timeline(text: str | bytes) -> Timeline:
    """A timeline from a file. Raises InvalidParameters with the place at fault."""
    return timeline_of(strict_json.loads(text, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH))


def timeline_of(value: Any) -> Timeline:
    """A timeline, or a bare list of events. Raises InvalidParameters."""
    strict_json.check_value(value, max_depth=MAX_DEPTH)
    try:
        return Timeline.model_validate({"events": value} if isinstance(value, list) else value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "timeline"
        raise InvalidParameters(f"{place}: {first['msg']}", field=place) from error


def messages_of(update: ControlUpdate) -> list[dict[str, Any]]:
    """The message that asks for `update`, or the two: one can not hold prompts, or how they
    are blended, and a transition that starts from them. None for an update that makes no
    difference to a picture.
    """
    messages = _split(update)
    if messages and update.apply_now:
        messages[0]["apply"] = "now"
    return messages


def _split(update: ControlUpdate) -> list[dict[str, Any]]:
    first, glide = _message(update), update.transition
    if glide is None:
        return [first] if first else []
    last = {
        "transition": {
            "target_prompts": _prompts(glide.targets.items),
            "num_steps": glide.num_steps,
            "temporal_interpolation_method": glide.method,
        },
        "prompt_interpolation_method": glide.targets.method,
    }
    if "prompts" in first or "prompt_interpolation_method" in first:
        return [first, last]
    return [first | last]


def _message(update: ControlUpdate) -> dict[str, Any]:
    found: dict[str, Any] = dict(update.changes)
    if update.method is not None:
        found["prompt_interpolation_method"] = update.method
    if update.prompts is not None and update.prompts.items:
        found["prompts"] = _prompts(update.prompts.items)
        found["prompt_interpolation_method"] = update.prompts.method
    if update.reset:
        found["reset_cache"] = True
    if update.seed is not None:
        found["seed"] = update.seed
    return found


def _prompts(items: tuple[PromptItem, ...]) -> list[Mapping[str, Any]]:
    return [{"text": item.text, "weight": item.weight} for item in items]

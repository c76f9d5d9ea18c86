"""From a timeline to what a stream is opened with: its first parameters and its script.

Decides when an event takes effect and that every message in it is judged by the rules of the
data channel. Pure; it does not know who plays it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scope.control import PromptItem, PromptMix, TimedUpdate
from scope.errors import InvalidParameters
from scope.frames import VideoFormat
from scope.pipelines.contract import PipelineSpec
from scope.protocol.parameters import DecodedParameters, decode_object
from scope.protocol.timeline import Timeline, TimelineEvent
from scope.sessions.shown import Shown

ROUNDING_FRAMES = 1e-6
MEANINGLESS = ("paused", "recording", "apply")
"""Keys of a live session that make no difference to the pictures of a replay."""


@dataclass(frozen=True, slots=True)
class Score:
    """What is to be played. decoded: the parameters before the first frame; frames: how long
    it is, None when the timeline does not say; ignored: keys that mean nothing here.
    """

    decoded: DecodedParameters
    seed: int | None = None
    script: tuple[TimedUpdate, ...] = ()
    frames: int | None = None
    ignored: tuple[str, ...] = ()


def known_keys(spec: PipelineSpec) -> frozenset[str]:
    """The parameters a pipeline declares."""
    return frozenset(spec.params_schema.get("properties", {}))


def default_prompt(spec: PipelineSpec) -> PromptMix:
    """What plays when nobody says anything."""
    return PromptMix((PromptItem(spec.default_prompt),) if spec.default_prompt else ())


def score_of(
    timeline: Timeline,
    *,
    spec: PipelineSpec,
    video: VideoFormat,
    chunk_frames: int,
    parameters: Mapping[str, Any] | None = None,
) -> Score:
    """`timeline` for a pipeline that is loaded. parameters: win over its initial ones.

    Raises InvalidParameters with the place at fault.
    """
    known = known_keys(spec)
    decoded = decode_object({**timeline.initial, **(parameters or {})}, known=known)
    shown = Shown(default_prompt(spec)).after(decoded.update)
    ignored = list(decoded.unknown)
    script = []
    for number, event in _in_order(timeline.events, video.fps / chunk_frames):
        message = _message(event, number, known)
        update = message.update.to_control(0, method=shown.method)
        shown = shown.after(message.update)
        ignored += message.unknown
        ignored += [key for key in MEANINGLESS[:2] if key in (event.model_extra or {})]
        frame = 0 if event.chunk is not None else _frame_at(event.at_s or 0.0, video.fps)
        update = replace(update, paused=None, apply_now=False)
        script.append(TimedUpdate(update, event.chunk or 0, frame))
    seed = decoded.update.seed
    return Score(
        decoded,
        seed=timeline.seed if seed is None else seed,
        script=tuple(script),
        frames=_frames(timeline, video.fps),
        ignored=tuple(dict.fromkeys(ignored)),
    )


def differences(timeline: Timeline, *, here: Timeline) -> list[str]:
    """In words: why a replay may look different. here: a timeline of what would play it."""
    found = []
    then, now = timeline.pipeline, here.pipeline
    if then is not None and now is not None:
        if (then.id, then.version) != (now.id, now.version):
            found.append(f"made with {then.id} {then.version}, this is {now.id} {now.version}")
        for key in sorted(then.facts.keys() & now.facts.keys()):
            if then.facts[key] != now.facts[key]:
                found.append(f"made with {key} {then.facts[key]}, here it is {now.facts[key]}")
    for key in ("width", "height", "fps", "chunk_frames"):
        there = getattr(timeline, key)
        if there is not None and there != getattr(here, key):
            found.append(f"made with {key} {there}, here it is {getattr(here, key)}")
    return found


def _in_order(events: list[TimelineEvent], chunks_per_s: float) -> list[tuple[int, TimelineEvent]]:
    def when(numbered: tuple[int, TimelineEvent]) -> float:
        number, event = numbered
        if event.chunk is not None:
            return event.chunk
        if event.at_s is None:
            place = f"events.{number}"
            raise InvalidParameters(f"{place}: say when, with at_s or chunk", field=place)
        return event.at_s * chunks_per_s

    return sorted(enumerate(events), key=when)


def _message(event: TimelineEvent, number: int, known: frozenset[str]) -> DecodedParameters:
    try:
        return decode_object(event.message(), known=known)
    except InvalidParameters as error:
        place = f"events.{number}" + (f".{error.field}" if error.field else "")
        raise InvalidParameters(f"events.{number}.{error.detail}", field=place) from None


def _frame_at(at_s: float, fps: float) -> int:
    return math.ceil(at_s * fps - ROUNDING_FRAMES)


def _frames(timeline: Timeline, fps: float) -> int | None:
    if timeline.frames is not None:
        return timeline.frames
    return None if timeline.seconds is None else round(timeline.seconds * fps)

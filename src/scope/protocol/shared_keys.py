"""The keys a client may send to any session, with the type and the range of each.

The table of docs/wire.md as pydantic models. Decides what is well-formed; knows nothing of
which pipeline is loaded or of what a key does.
"""

import itertools
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from scope.control import Interpolation

MAX_PROMPTS = 8
MAX_PROMPT_CHARACTERS = 2_000
MAX_TRANSITION_STEPS = 1_000_000


def _descending(steps: list[int]) -> list[int]:
    if any(a <= b for a, b in itertools.pairwise(steps)):
        raise ValueError("must be strictly descending")
    return steps


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    return text


def _item_from_text(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class _Strict(BaseModel):
    """JSON types are taken as they are: "1" is no number and true is none either."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="allow")


class PromptEntry(_Strict):
    """One text with its weight."""

    text: Annotated[str, Field(max_length=MAX_PROMPT_CHARACTERS), AfterValidator(_no_nul)]
    weight: float = Field(default=1.0, ge=0)


PlainText = Annotated[str, Field(max_length=MAX_PROMPT_CHARACTERS)]
Prompt = Annotated[
    PromptEntry, BeforeValidator(_item_from_text, json_schema_input_type=PlainText | PromptEntry)
]
PromptList = Annotated[list[Prompt], Field(max_length=MAX_PROMPTS)]
Name = Annotated[str, Field(min_length=1, max_length=1_024), AfterValidator(_no_nul)]
NameList = Annotated[list[Name], Field(max_length=32)]


class TransitionEntry(_Strict):
    """A glide to other prompts."""

    target_prompts: PromptList
    num_steps: int = Field(default=4, ge=0, le=MAX_TRANSITION_STEPS)
    temporal_interpolation_method: Interpolation = "linear"


class LoraScale(_Strict):
    """The strength of one runtime adapter."""

    path: Name
    scale: float = Field(ge=-10, le=10)


class SessionKeys(_Strict):
    """Keys that every session understands, whatever is loaded."""

    prompts: PromptList | None = None
    prompt_interpolation_method: Interpolation | None = None
    transition: TransitionEntry | None = None
    reset_cache: bool | None = None
    seed: int | None = Field(default=None, ge=0, lt=2**63)
    paused: bool | None = None
    recording: bool | None = None
    input_mode: Literal["text", "video"] | None = None
    apply: Literal["next_chunk", "now"] | None = None
    pipeline_ids: NameList | None = None
    message_id: str | None = Field(default=None, alias="_id", max_length=128)


class PipelineKeys(_Strict):
    """Shared keys that act only where the loaded pipeline declares them."""

    denoising_step_list: (
        Annotated[
            list[Annotated[int, Field(ge=0, le=1000)]],
            Field(min_length=1, max_length=16),
            AfterValidator(_descending),
        ]
        | None
    ) = None
    manage_cache: bool | None = None
    noise_scale: float | None = Field(default=None, ge=0, le=1)
    noise_controller: bool | None = None
    kv_cache_attention_bias: float | None = Field(default=None, ge=0.01, le=1)
    lora_scales: Annotated[list[LoraScale], Field(max_length=32)] | None = None
    vace_enabled: bool | None = None
    vace_use_input_video: bool | None = None
    vace_ref_images: NameList | None = None
    vace_context_scale: float | None = Field(default=None, ge=0, le=2)
    first_frame_image: Name | None = None
    last_frame_image: Name | None = None
    images: NameList | None = None

"""A test card that declares every shared key, and shows what it got: the colour of its patch is
that of the prompt and of all parameters together.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from scope.control import PromptItem, PromptMix, PromptStep
from scope.frames import Pixels
from scope.pipelines import contract
from scope.pipelines.testcard import CardState, TestCard


class Lora(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    scale: float = 1.0


class EveryKeyParams(contract.Params):
    denoising_step_list: contract.StepList = (1000, 500)
    manage_cache: bool = True
    noise_scale: float = Field(default=0.7, ge=0, le=1)
    noise_controller: bool = False
    kv_cache_attention_bias: float = Field(default=1.0, ge=0.01, le=1)
    lora_scales: tuple[Lora, ...] = ()
    vace_enabled: bool = False
    vace_use_input_video: bool = False
    vace_ref_images: tuple[str, ...] = ()
    vace_context_scale: float = Field(default=1.0, ge=0, le=2)
    first_frame_image: str | None = None
    last_frame_image: str | None = None
    images: tuple[str, ...] = ()
    grain: Annotated[int, Field(ge=0, le=3)] = 0


def shown(prompt: str, params: contract.Params) -> str:
    """The text whose colour the patch has."""
    return f"{prompt} {params.model_dump_json()}"


class EveryKey(TestCard):
    id: ClassVar[str] = "every-key"
    title: ClassVar[str] = "Every key"
    Params: ClassVar[type[contract.Params]] = EveryKeyParams

    def step(self, state: CardState, params: Any, prompt: PromptStep) -> Iterator[Pixels]:
        text = shown(prompt.dominant().heaviest(), params)
        yield from super().step(
            state, params, replace(prompt, mix=PromptMix((PromptItem(text),)), t=1.0)
        )

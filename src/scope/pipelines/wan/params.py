"""What a client may choose about a large model, at load and while it plays.

Decides names, ranges and defaults. It imports no model library.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from scope.pipelines import contract
from scope.pipelines.wan.profile import STEPS, Quantization

SMALLEST, LARGEST, GRID = 32, 1280, 16

Side = Annotated[int, Field(ge=SMALLEST, le=LARGEST, multiple_of=GRID)]


AdapterPath = Annotated[str, Field(min_length=1, max_length=1_024, pattern=r"^[^\x00]+$")]
MergeMode = Literal["permanent_merge", "runtime_peft"]
"""In the API's words: merged into the weights as they are loaded, or kept beside them."""

MOST_LORAS = 8


class AdapterScale(BaseModel):
    """How much of an adapter that was loaded as `runtime_peft` is used."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    path: AdapterPath
    scale: float = Field(ge=-10, le=10)


class AdapterLoad(BaseModel):
    """An adapter to load. merge_mode: None takes `lora_merge_mode`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    path: AdapterPath
    scale: float = Field(default=1.0, ge=-10, le=10)
    merge_mode: MergeMode | None = None


class WanParams(contract.Params):
    """What can change while a large model plays."""

    denoising_step_list: contract.StepList = Field(
        default=STEPS,
        description="Noise levels of the passes, 1000 is pure noise; fewer passes are faster.",
    )
    manage_cache: bool = Field(
        default=True,
        description="Cut to a fresh scene when the step list changes, as the past does not fit.",
    )
    lora_scales: tuple[AdapterScale, ...] = Field(
        default=(),
        max_length=32,
        description="Strength of each runtime adapter; one not named has that of the load.",
    )


class BiasedParams(WanParams):
    """For a model whose reliance on the past can be turned down."""

    kv_cache_attention_bias: float = Field(
        default=0.3,
        ge=0.01,
        le=1.0,
        description="Weight of past frames; less follows the prompt faster and repeats less.",
    )


class WanLoad(contract.LoadParams):
    """What is fixed when a large model is loaded."""

    height: Side = Field(default=320, description="Rows of the picture.")
    width: Side = Field(default=576, description="Columns of the picture.")
    vae_type: Literal["wan", "lightvae", "tae", "lighttae"] = Field(
        default="wan",
        description="The decoder: wan is finest, tae is fastest, the light ones are between.",
    )
    quantization: Quantization | None = Field(
        default=None, description="Keep the layers' weights in eight bits: half the memory."
    )
    text_encoder: Literal["device", "cpu"] = Field(
        default="device",
        description="Where prompts are read; cpu frees 7 GB of the GPU, a new prompt waits longer.",
    )
    graphs: bool = Field(
        default=True, description="Record the passes once so that a GPU replays them in one go."
    )
    warp: bool = Field(
        default=True, description="Move the nominal steps to the levels the model was trained at."
    )
    loras: tuple[AdapterLoad, ...] = Field(
        default=(),
        max_length=MOST_LORAS,
        description="Adapters from the server's folder: path, scale and merge_mode of each.",
    )
    lora_merge_mode: MergeMode = Field(
        default="permanent_merge",
        description="permanent_merge costs nothing; with runtime_peft scales can change later.",
    )


class RawStepsLoad(WanLoad):
    """For a model that was trained at the very steps it names."""

    warp: bool = Field(
        default=False, description="Move the steps towards noise; this model does not need it."
    )

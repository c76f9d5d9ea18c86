"""Test cards with everything a large model asks of the page: parameters, files, a slow load."""

import time
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from scope.pipelines import contract
from scope.pipelines.artifacts import Artifact, require_files
from scope.pipelines.testcard import CardLoad, TestCard
from scope.settings import HubSettings

MODEL = Artifact(
    repository="maker/model",
    files=("base.pt",),
    purpose="weights",
    licence="Apache-2.0",
    about_bytes=8 * 2**30,
)


class TunableParams(contract.Params):
    """One of each kind of control."""

    denoising_step_list: contract.StepList = Field(default=(1000, 750, 500, 250))
    strength: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="How much of it.",
        json_schema_extra={"ui": {"label": "Power", "order": 1}},
    )
    mood: Literal["calm", "wild"] = "calm"
    looping: bool = False
    note: str = ""
    secret: int = Field(default=0, json_schema_extra={"ui": {"hidden": True}})

    @field_validator("note")
    @classmethod
    def _decent(cls, note: str) -> str:
        if note == "no":
            raise ValueError("must not be no")
        return note


class Tunable(TestCard):
    """Has a parameter of each kind; none of them changes a picture."""

    id: ClassVar[str] = "tunable"
    title: ClassVar[str] = "Tunable"
    default_prompt: ClassVar[str] = "a red barn"
    Params: ClassVar[type[contract.Params]] = TunableParams


class DemandingLoad(CardLoad):
    """gate: a file whose existence lets the load go on."""

    gate: str = ""
    broken: bool = False


class Demanding(Tunable):
    """Loads only where its file is."""

    id: ClassVar[str] = "demanding"
    title: ClassVar[str] = "Demanding"
    description: ClassVar[str] = "Wants files, time and attention."
    artifacts: ClassVar[tuple[Artifact, ...]] = (MODEL,)
    LoadParams: ClassVar[type[contract.LoadParams]] = DemandingLoad

    def __init__(self, load: DemandingLoad, *, device: str, progress: contract.Progress) -> None:
        require_files(HubSettings().hub_cache, MODEL)
        progress("loading weights", 0.5)
        while load.gate and not Path(load.gate).exists():
            time.sleep(0.02)
        if load.broken:
            raise RuntimeError("the weights are damaged")
        super().__init__(load, device=device, progress=progress)

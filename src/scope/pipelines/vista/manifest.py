"""What lies in a folder of weights: sizes of the model, how to sample it, hashes of its files.

Decides whether a folder is complete and untouched. It does not load graphs.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scope.pipelines.vista.self_test import Precision

STEP_FILES: dict[Precision, str] = {"f32": "step.onnx", "int8": "step.int8.onnx"}
NEEDED = ("step.onnx", "text.onnx", "time.onnx", "decoder.onnx")


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    layers: int = Field(ge=1, le=64)
    dim: int = Field(ge=8, le=4096)
    head_dim: int = Field(ge=8, le=256)
    freq_dim: int = Field(ge=2, le=1024)
    channels: int = Field(ge=1, le=64)
    grid: tuple[int, int]
    """Token rows and columns of a latent frame."""
    patch: int = Field(ge=1, le=4)
    width: int = Field(ge=2, le=2048)
    height: int = Field(ge=2, le=2048)
    fps: float = Field(gt=0, le=120)
    pictures: int = Field(ge=1, le=16)
    """Pictures in a latent frame."""
    window: int = Field(ge=2, le=64)
    """Latent frames seen at once, the one being made included."""
    sink: int = Field(ge=0, le=8)
    """Latent frames of the window that stay once the words in force have made them."""
    hold: float = Field(ge=0, le=1, default=0.0)
    """Share of a frame's departure from how its stream looked that is undone."""
    shift: float = Field(gt=0, le=20)
    method: Literal["euler", "renoise"]
    context_t: float = Field(ge=0, le=500, default=0.0)
    """Noise level, as a timestep, that the clean pass is told."""
    turn_t: float = Field(ge=0, le=500, default=0.0)
    """The same for frames made while the window shows quite other words; 0: as ever."""
    turn_guidance: float = Field(ge=0, le=4, default=0.0)
    """How strongly such frames are guided away from those words."""
    steps: tuple[int, ...]
    files: dict[Annotated[str, Field(pattern=r"^\w[\w.]*$")], str]
    """SHA-256 of every file: the needed ones and whatever else there is."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.sink and self.sink >= self.window - 1:
            raise ValueError("sink must leave room in the window for a frame that moves")
        if 0 < self.turn_t < self.context_t:
            raise ValueError("turn_t must not be under context_t")
        return self

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """The kinds of arithmetic there are graphs for, the exact one first."""
        return tuple(each for each, name in STEP_FILES.items() if name in self.files)

    @property
    def tokens(self) -> int:
        return self.grid[0] * self.grid[1]

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        return self.channels, self.grid[0] * self.patch, self.grid[1] * self.patch


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a folder whose files are all there and as they were made.

    Raises ValueError when a file is missing or altered.
    """
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    for name in (*NEEDED, *(name for name in manifest.files if name not in NEEDED)):
        path = folder / name
        if not path.is_file():
            raise ValueError(f"{name} is missing from {folder}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != manifest.files.get(name):
            raise ValueError(f"{name} in {folder} is not the file its manifest describes")
    return manifest

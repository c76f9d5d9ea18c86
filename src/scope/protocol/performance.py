"""Bodies of the routes that start and stop sessions without a peer."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class StartSessionRequest(BaseModel):
    """POST /api/v1/session/start. Everything is optional: an empty body plays the default.

    parameters: as `initialParameters` of an offer. timeline: as `GET /session/timeline` gives
    it, or a bare list of events. pipeline_id: refuse unless this one is loaded. prompts,
    input_mode, seed: the same as in `parameters`.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    pipeline_id: str | None = Field(default=None, max_length=128)
    parameters: dict[str, Any] = {}
    timeline: dict[str, Any] | list[Any] | None = None
    prompts: list[Any] | None = None
    input_mode: str | None = None
    seed: int | None = None

    def first_parameters(self) -> dict[str, Any]:
        """What the session begins with, wherever it was said."""
        beside = {"prompts": self.prompts, "input_mode": self.input_mode, "seed": self.seed}
        given = {key: value for key, value in beside.items() if value is not None}
        return given | self.parameters


class StartSessionResponse(BaseModel):
    """What plays now. frames: how long the timeline is; the session goes on after it.

    warnings: keys that were ignored, and why a replay may look different.
    """

    model_config = ConfigDict(frozen=True)

    session_id: str
    pipeline_id: str
    seed: int
    width: int
    height: int
    fps: float
    frames: int | None = None
    warnings: list[str] = []


class StopSessionRequest(BaseModel):
    """POST /api/v1/session/stop. Without an id: every session that was started this way."""

    model_config = ConfigDict(strict=True, frozen=True)

    session_id: str | None = Field(default=None, max_length=128)


class StopSessionResponse(BaseModel):
    """Which sessions were ended."""

    model_config = ConfigDict(frozen=True)

    stopped: list[str]

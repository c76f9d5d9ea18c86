"""Bodies of the route by which control changes hands."""

from pydantic import BaseModel, ConfigDict, Field


class TakeControlRequest(BaseModel):
    """POST /api/v1/session/control. peer_id: the caller's own, as its `control` notice has it."""

    model_config = ConfigDict(strict=True, frozen=True)

    peer_id: str = Field(max_length=128)


class TakeControlResponse(BaseModel):
    """Who controls what now."""

    model_config = ConfigDict(frozen=True)

    session_id: str
    peer_id: str

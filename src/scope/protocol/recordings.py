"""Bodies of the recording routes."""

from pydantic import BaseModel, ConfigDict


class RecordingResponse(BaseModel):
    """POST /api/v1/recordings/{session}/start and /stop.

    number: of the session's recordings, from 1. url: where the file is once it has ended.
    error: why it ended by itself.
    """

    model_config = ConfigDict(frozen=True)

    session_id: str
    number: int
    recording: bool
    url: str
    seconds: float
    bytes: int
    error: str | None = None

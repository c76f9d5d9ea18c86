"""Bodies of the WebRTC signalling routes. What is in the SDP is judged in `rtc`."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MAX_CANDIDATES = 32


class ResumeRequest(BaseModel):
    """Asks to go on with a parked session."""

    model_config = ConfigDict(strict=True, frozen=True)

    session_id: str = Field(alias="sessionId", max_length=128)
    token: str = Field(max_length=256)


class OfferRequest(BaseModel):
    """POST /api/v1/webrtc/offer. A `type` other than "offer" is for the route to refuse."""

    model_config = ConfigDict(strict=True, frozen=True)

    sdp: str
    type: str = "offer"
    initial_parameters: dict[str, Any] | None = Field(default=None, alias="initialParameters")
    user_id: str | None = Field(default=None, max_length=256)
    connection_id: str | None = Field(default=None, max_length=256)
    connection_info: dict[str, Any] | None = None
    resume: ResumeRequest | None = None


class AnswerResponse(BaseModel):
    """200 of the offer. Written with `by_alias=True`."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    sdp: str
    type: str = "answer"
    session_id: str = Field(alias="sessionId")
    resume_token: str | None = Field(default=None, alias="resumeToken")


class Candidate(BaseModel):
    """One trickled candidate; an empty or absent `candidate` is the end of candidates."""

    model_config = ConfigDict(strict=True, frozen=True)

    candidate: str | None = Field(default=None, max_length=1_024)
    sdp_mid: str | None = Field(default=None, alias="sdpMid", max_length=64)
    sdp_mline_index: int | None = Field(default=None, alias="sdpMLineIndex", ge=0, le=65_535)

    @property
    def is_end(self) -> bool:
        """No more candidates will come."""
        return not self.candidate


class CandidatesRequest(BaseModel):
    """PATCH /api/v1/webrtc/offer/{sessionId}. A null entry is an end of candidates too."""

    model_config = ConfigDict(strict=True, frozen=True)

    candidates: list[Candidate | None] = Field(max_length=MAX_CANDIDATES)

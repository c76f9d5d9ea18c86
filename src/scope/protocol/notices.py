"""What the server says over the data channel. Every message is one JSON object with a `type`.

Decides the wording of keys and keeps each message short enough for one datagram where it
can; when to send what is the session's business.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_DETAIL_CHARACTERS = 500


class Notice(BaseModel):
    """One message to a client."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, allow_inf_nan=False)

    type: str

    def to_json(self) -> str:
        """The message as text; keys that say nothing are left out."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


class Hello(Notice):
    """The first message, when the channel opens."""

    type: Literal["hello"] = "hello"
    session_id: str = Field(alias="sessionId")
    resume_token: str | None = Field(default=None, alias="resumeToken")
    pipeline_id: str
    seed: int
    fps: float
    width: int
    height: int


class Control(Notice):
    """Who changes what plays: told when the channel opens, and to everybody when it changes.

    label: of the key of who does. may_take: POST /api/v1/session/control with this `peerId`
    takes it over. resumeToken: the one in force, for who has control.
    """

    type: Literal["control"] = "control"
    holder: Literal["you", "other", "nobody"]
    label: str | None = None
    may_take: bool
    peer_id: str = Field(alias="peerId")
    resume_token: str | None = Field(default=None, alias="resumeToken")


class Applied(Notice):
    """The first frame made with an update went to the encoder, `ms` after the update came."""

    type: Literal["applied"] = "applied"
    revision: int
    first_frame: int
    chunk: int
    rtp_timestamp: int | None = None
    ms: float
    message_id: str | None = Field(default=None, alias="_id")


class ErrorNotice(Notice):
    """A refused update (error) or an ignored key (warning)."""

    type: Literal["error"] = "error"
    severity: Literal["error", "warning"] = "error"
    code: str
    field: str | None = None
    detail: str
    message_id: str | None = Field(default=None, alias="_id")

    def to_json(self) -> str:
        """The message as text, its detail cut to a readable length."""
        short = self.model_copy(update={"detail": self.detail[:MAX_DETAIL_CHARACTERS]})
        return short.model_dump_json(by_alias=True, exclude_none=True)


class Stats(Notice):
    """How the stream is doing, at most once a second. None where nothing is known yet."""

    type: Literal["stats"] = "stats"
    fps: float
    chunk_ms: float | None = None
    delay_ms: float | None = None
    queue: int
    bitrate_kbps: int | None = None
    rtt_ms: float | None = None
    loss: float | None = None

    def to_json(self) -> str:
        """The message as text; figures not known yet are null, so that the set is constant."""
        return self.model_dump_json(by_alias=True)


class StreamStoppedNotice(Notice):
    """The last message. `error_message` whenever it was not the client's own wish."""

    type: Literal["stream_stopped"] = "stream_stopped"
    error_message: str | None = None
    code: str | None = None
    retry_after: float | None = None


class ParametersUpdated(Notice):
    """Someone else changed these."""

    type: Literal["parameters_updated"] = "parameters_updated"
    parameters: dict[str, Any]


class PipelineError(Notice):
    """Making pictures failed; the stream goes on where `recoverable`."""

    type: Literal["pipeline_error"] = "pipeline_error"
    message: str
    recoverable: bool


class Paused(Notice):
    """Generation stands still (or goes on), and why if it was not the client's wish."""

    type: Literal["paused"] = "paused"
    paused: bool = True
    reason: str | None = None


class Draining(Notice):
    """The server shuts down in `in_s` seconds."""

    type: Literal["draining"] = "draining"
    in_s: float

"""Why a session ended, in the words its viewers read."""

from collections.abc import Mapping
from dataclasses import dataclass

from scope.events import StopReason, StreamStopped
from scope.protocol.notices import StreamStoppedNotice


@dataclass(frozen=True, slots=True)
class Ending:
    """Without `message` it was the client's own wish. retry_after_s: when trying may help."""

    message: str | None = None
    code: str | None = None
    retry_after_s: float | None = None

    def notice(self) -> StreamStoppedNotice:
        """As the last message to a viewer."""
        return StreamStoppedNotice(
            error_message=self.message, code=self.code, retry_after=self.retry_after_s
        )


WISHED = Ending()
DELETED_BY_OWNER = Ending("The session was closed by its owner.", "session_closed")
ENDED_BY_ADMIN = Ending("The session was ended by an administrator.", "session_closed")
BROKEN = Ending("The server made a mistake and had to end the stream.", "internal_error", 2.0)
SHUT_DOWN = Ending("The server is shutting down.", StopReason.SHUTDOWN.value, 5.0)
FLOODED = Ending("The client sent more than anybody may.", "flooding")
KEPT_TOO_LONG = Ending("Its viewer was away for too long.", "session_expired")
CROWDED_OUT = Ending("Too many other sessions wait for their viewers.", "session_expired")
OTHER_PIPELINE = Ending("Another pipeline was loaded meanwhile.", StopReason.RELOADED.value)
TAKEN_UP_ELSEWHERE = Ending("The session goes on in another connection.", "session_resumed")
NO_LONGER_WELCOME = Ending("The key this connection came with is no longer good.", "unauthorized")
NEGOTIATION_FAILED = Ending("The connection could not be set up.", "negotiation_failed")

_WORDS: Mapping[StopReason, tuple[str, float | None]] = {
    StopReason.CLOSED: ("The stream was closed.", None),
    StopReason.UNLOADED: ("The pipeline was unloaded.", None),
    StopReason.RELOADED: ("Another pipeline is being loaded.", 2.0),
    StopReason.GENERATION_FAILED: ("Making pictures failed.", 2.0),
    StopReason.OUT_OF_MEMORY: ("The device ran out of memory.", 5.0),
    StopReason.WORKER_LOST: ("The process that makes the pictures was lost.", 2.0),
    StopReason.SHUTDOWN: ("The server is shutting down.", 5.0),
}


def ending_of(stopped: StreamStopped) -> Ending:
    """What the end of an engine's stream means for those who watched it."""
    words, retry_after_s = _WORDS[stopped.reason]
    if stopped.error is not None and stopped.error.detail:
        words = f"{words} {stopped.error.detail}"
    return Ending(words, stopped.reason.value, retry_after_s)

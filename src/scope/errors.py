"""The errors of this project, and nothing else: no status codes, no wire format.

    ScopeError
    ├── RequestError          the client asked for something it may not have
    │   ├── InvalidParameters     a value is wrong; `field` names it
    │   ├── UnknownPipeline       no pipeline of that id
    │   ├── SessionNotFound       no session of that id
    │   │   └── RecordingNotFound     no recording of it
    │   ├── SessionGone           there was one; `reason` says why it is over
    │   ├── TooLarge              a body, a description or a message is over its limit
    │   └── Forbidden             the caller may not do this
    ├── StateError            the request is fine, the moment is not
    │   ├── PipelineNotLoaded     nothing is loaded, or not what was asked for
    │   ├── ModelFilesMissing     a pipeline's files are not on this disk
    │   ├── AtCapacity            no room now; `retry_after_s` says when to ask again
    │   ├── TooManyRequests       this caller asks too often
    │   ├── TokenUsed             a token that is good once was used before
    │   └── Draining              the server is shutting down
    ├── EngineError           our own failure while making pictures
    │   ├── LoadFailed            a pipeline could not be loaded
    │   ├── GenerationFailed      a step raised
    │   ├── OutOfMemory           the device has no room
    │   └── WorkerLost            the worker process died or hung
    └── TransportError        the connection to a peer
        ├── NegotiationFailed     the offer can not be answered
        └── PeerLost              a peer vanished

Errors travel up as exceptions and become values in three places only:
`server/problems.py` (HTTP), `sessions` notices (data channel), `engine/stream_loop.py` (events).
"""

from typing import ClassVar


class ScopeError(Exception):
    """Any error this project raises on purpose.

    `code` is stable and part of the wire format; `detail` is one readable sentence; `reason`
    says more where the wire format fixes the sentence.
    """

    code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        detail: str,
        *,
        field: str | None = None,
        reason: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.reason = reason
        self.retry_after_s = retry_after_s


class RequestError(ScopeError):
    """The client asked for something it may not have."""

    code = "bad_request"


class InvalidParameters(RequestError):
    """A value is wrong; `field` is its dotted path."""

    code = "invalid_parameters"


class UnknownPipeline(RequestError):
    """No pipeline has that id; `detail` names the known ones."""

    code = "unknown_pipeline"


class SessionNotFound(RequestError):
    """No session has that id."""

    code = "session_not_found"


class RecordingNotFound(SessionNotFound):
    """There is no recording of that session, or none of that number."""

    code = "recording_not_found"


class SessionGone(RequestError):
    """There was a session of that id; `reason` says why it is over."""

    code = "session_gone"


class TooLarge(RequestError):
    """A body, a session description or a message is over its limit."""

    code = "too_large"


class Forbidden(RequestError):
    """The caller may not do this."""

    code = "forbidden"


class StateError(ScopeError):
    """The request is fine, the moment is not."""

    code = "wrong_state"


class PipelineNotLoaded(StateError):
    """Nothing is loaded, or not what was asked for."""

    code = "pipeline_not_loaded"


class ModelFilesMissing(StateError):
    """The pipeline's files are not on this disk; `detail` says how to get them."""

    code = "model_files_missing"


class AtCapacity(StateError):
    """There is no room now; `retry_after_s` says when to ask again."""

    code = "at_capacity"


class TooManyRequests(StateError):
    """This caller asks too often; `retry_after_s` says when to ask again."""

    code = "too_many_requests"


class TokenUsed(StateError):
    """A token that is good once was used before."""

    code = "token_used"


class Draining(StateError):
    """The server is shutting down and takes nothing new."""

    code = "draining"


class EngineError(ScopeError):
    """Our own failure while making pictures."""

    code = "engine_error"


class LoadFailed(EngineError):
    """A pipeline could not be loaded."""

    code = "load_failed"


class GenerationFailed(EngineError):
    """A pipeline step raised."""

    code = "generation_failed"


class OutOfMemory(EngineError):
    """The device has no room left."""

    code = "out_of_memory"


class WorkerLost(EngineError):
    """The worker process died or hung."""

    code = "worker_lost"


class TransportError(ScopeError):
    """The connection to a peer."""

    code = "transport_error"


class NegotiationFailed(TransportError):
    """The offer can not be answered; a client's mistake."""

    code = "negotiation_failed"


class PeerLost(TransportError):
    """A peer vanished."""

    code = "peer_lost"

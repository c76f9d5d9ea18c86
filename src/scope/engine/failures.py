"""Exceptions of a pipeline as values: which error they are, in which words.

Knows devices only by the names their libraries give an exception, so that no such library
is imported here.
"""

from scope.errors import (
    EngineError,
    InvalidParameters,
    ScopeError,
    StateError,
    UnknownPipeline,
    WorkerLost,
)
from scope.events import ErrorInfo

MAX_DETAIL = 500


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device, or the machine, had no room left."""
    if isinstance(error, MemoryError):
        return True
    if any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and "out of memory" in str(error).lower()


def error_info(error: BaseException, *, kind: type[EngineError] = EngineError) -> ErrorInfo:
    """`error` as a value; `kind` is what one that is not ours counts as."""
    if isinstance(error, ScopeError):
        return ErrorInfo(error.code, error.detail, error.field)
    text = str(error).strip()
    name = type(error).__name__
    return ErrorInfo(kind.code, (f"{name}: {text}" if text else name)[:MAX_DETAIL])


def as_exception(info: ErrorInfo) -> ScopeError:
    """A value that crossed the process line as the exception it was."""
    if info.code == InvalidParameters.code:
        return InvalidParameters(info.detail, field=info.field)
    if info.code == UnknownPipeline.code:
        return UnknownPipeline(info.detail)
    if info.code == WorkerLost.code:
        return WorkerLost(info.detail)
    if info.code == StateError.code:
        return StateError(info.detail)
    return EngineError(info.detail, field=info.field)

"""Exceptions of a pipeline as values: which error they are, in which words.

Knows devices only by the names their libraries give an exception, so that no such library
is imported here.
"""

from collections.abc import Mapping
from errno import ENOMEM

from scope.errors import (
    EngineError,
    GenerationFailed,
    InvalidParameters,
    LoadFailed,
    OutOfMemory,
    ScopeError,
    StateError,
    UnknownPipeline,
    WorkerLost,
)
from scope.events import ErrorInfo

MAX_DETAIL = 500

_NO_ROOM = ("out of memory", "can't allocate memory", "cannot allocate memory")
"""What libraries say of a device and of the machine, in errors of no kind of their own."""

_KINDS: Mapping[str, type[ScopeError]] = {
    kind.code: kind
    for kind in (
        InvalidParameters,
        UnknownPipeline,
        StateError,
        LoadFailed,
        GenerationFailed,
        OutOfMemory,
        WorkerLost,
    )
}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device, or the machine, had no room left."""
    if isinstance(error, MemoryError):
        return True
    if any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    if isinstance(error, OSError) and error.errno == ENOMEM:
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in said for words in _NO_ROOM)


def error_info(error: BaseException, *, kind: type[EngineError] = EngineError) -> ErrorInfo:
    """`error` as a value; `kind` is what one that is not ours counts as."""
    if isinstance(error, ScopeError):
        return ErrorInfo(error.code, error.detail, error.field)
    text = str(error).strip()
    name = type(error).__name__
    return ErrorInfo(kind.code, (f"{name}: {text}" if text else name)[:MAX_DETAIL])


def as_exception(info: ErrorInfo) -> ScopeError:
    """A value that crossed the process line as the exception it was."""
    kind = _KINDS.get(info.code, EngineError)
    return kind(info.detail, field=info.field)

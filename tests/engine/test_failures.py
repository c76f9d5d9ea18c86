from errno import EACCES, ENOMEM

import pytest

from scope.engine.failures import MAX_DETAIL, as_exception, error_info, is_out_of_memory
from scope.errors import (
    GenerationFailed,
    InvalidParameters,
    LoadFailed,
    OutOfMemory,
    UnknownPipeline,
    WorkerLost,
)


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OutOfMemoryError("tried to allocate"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
        RuntimeError("unable to mmap 8 bytes: Cannot allocate memory (12)"),
        OSError(ENOMEM, "Cannot allocate memory"),
    ],
)
def test_a_device_without_room_is_known_by_name(error: Exception) -> None:
    assert is_out_of_memory(error)


def test_other_errors_are_not_a_lack_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("out of luck"))
    assert not is_out_of_memory(ValueError("out of memory lane"))
    assert not is_out_of_memory(OSError(EACCES, "Permission denied"))


def test_a_foreign_error_keeps_its_name_and_words_within_bounds() -> None:
    info = error_info(ValueError("bad " * 1000), kind=GenerationFailed)
    assert info.code == "generation_failed"
    assert info.detail.startswith("ValueError: bad")
    assert len(info.detail) <= MAX_DETAIL
    assert error_info(KeyError()).detail == "KeyError"


@pytest.mark.parametrize(
    "error",
    [
        InvalidParameters("gain: no", field="gain"),
        UnknownPipeline("none"),
        LoadFailed("torn"),
        OutOfMemory("no room"),
        WorkerLost("gone"),
    ],
)
def test_an_error_of_ours_survives_the_process_line(error: Exception) -> None:
    again = as_exception(error_info(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.field == getattr(error, "field", None)

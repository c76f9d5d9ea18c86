"""What the machine has, without a GPU and with a strange one."""

import pytest

from scope.server.hardware import hardware


def test_without_a_driver_there_is_no_gpu() -> None:
    found = hardware("libno-such-library.so")
    assert (found.vram_gb, found.gpu) == (None, None)
    assert found.cpu_count >= 1
    assert found.memory_gb is None or found.memory_gb > 0


@pytest.mark.gpu
def test_a_gpu_is_named_with_its_memory() -> None:
    found = hardware()
    assert found.gpu
    assert found.vram_gb is not None
    assert found.vram_gb > 1

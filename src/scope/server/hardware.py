"""What this machine has, found without loading a model library.

The GPU is asked through NVIDIA's management library, which every driver brings along and
which opens no CUDA context.
"""

import ctypes
import os

from scope.protocol.http import HardwareResponse

GIB = 1024**3
NAME_BYTES = 96


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


def hardware(library: str = "libnvidia-ml.so.1") -> HardwareResponse:
    """The first GPU, if there is one, and the processors. Blocks for some milliseconds."""
    gpu, vram_gb = _first_gpu(library) or (None, None)
    return HardwareResponse(
        vram_gb=vram_gb, gpu=gpu, cpu_count=os.cpu_count() or 1, memory_gb=_memory_gb()
    )


def _first_gpu(library: str) -> tuple[str, float] | None:
    try:
        nvml = ctypes.CDLL(library)
    except OSError:
        return None
    if nvml.nvmlInit_v2() != 0:
        return None
    try:
        device = ctypes.c_void_p()
        name = ctypes.create_string_buffer(NAME_BYTES)
        memory = _Memory()
        calls = (
            nvml.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(device)),
            nvml.nvmlDeviceGetName(device, name, NAME_BYTES),
            nvml.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)),
        )
        if any(calls):
            return None
        return name.value.decode(errors="replace"), round(memory.total / GIB, 2)
    finally:
        nvml.nvmlShutdown()


def _memory_gb() -> float | None:
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return None
    return round(pages / GIB, 2)

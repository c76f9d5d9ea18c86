"""How much memory is free on a device, asked before a load.

Knows CUDA's answer and Linux's; elsewhere it does not know and says so.
"""

import re
from pathlib import Path

import torch

_MEMINFO = Path("/proc/meminfo")


def free_bytes(device: torch.device, *, meminfo: Path = _MEMINFO) -> int | None:
    """None where nobody can tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "cpu" and meminfo.is_file():
        found = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else None
    return None

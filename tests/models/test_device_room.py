"""Free memory of a device."""

import torch

from scope.models.device_room import free_bytes

CPU = torch.device("cpu")


def test_a_processor_has_what_the_system_calls_available(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemFree: 2 kB\nMemAvailable:    1024 kB\n")
    assert free_bytes(CPU, meminfo=meminfo) == 2**20


def test_nobody_can_tell_elsewhere(tmp_path):
    assert free_bytes(CPU, meminfo=tmp_path / "nowhere") is None
    assert free_bytes(torch.device("meta")) is None

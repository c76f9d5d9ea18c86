"""What the host hands a device does not wait for the device."""

import pytest
import torch

from scope.models.staging import staged


class Host:
    """A tensor as `staged` sees it, that remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def pin_memory(self) -> "Host":
        self.asked.append("pinned")
        return self

    def to(self, place: torch.device, *, non_blocking: bool) -> "Host":
        self.asked.append((place.type, non_blocking))
        return self


def test_a_processor_takes_a_tensor_as_it_is():
    host = torch.arange(3)
    assert staged(host, torch.device("cpu")) is host


@pytest.mark.parametrize("there", [True, False])
def test_a_gpu_is_given_pinned_memory_and_is_not_waited_for(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    host = Host()
    staged(host, torch.device("cuda"))
    assert host.asked == ["pinned"] * there + [("cuda", True)]


@pytest.mark.gpu
def test_on_a_gpu_it_returns_while_work_is_queued_and_comes_after_it():
    torch.cuda.synchronize()
    torch.cuda._sleep(500_000_000)
    moved = staged(torch.arange(5), torch.device("cuda"))
    assert not torch.cuda.current_stream().query()
    assert moved.tolist() == list(range(5))

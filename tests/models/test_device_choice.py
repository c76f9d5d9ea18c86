"""Which device is meant: the named one, the best there is, or none."""

import pytest
import torch

from scope.errors import LoadFailed
from scope.models.device_choice import device_named


def seen(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


@pytest.mark.parametrize(("count", "best"), [(0, "cpu"), (1, "cuda:0"), (4, "cuda:0")])
def test_auto_is_the_first_gpu_or_the_processor(monkeypatch, count, best):
    seen(monkeypatch, count)
    assert device_named("auto") == torch.device(best)


def test_a_device_that_was_named_is_taken_with_its_number(monkeypatch):
    seen(monkeypatch, 2)
    assert device_named("cpu") == torch.device("cpu")
    assert device_named("cuda") == torch.device("cuda", 0)
    assert device_named("cuda:1") == torch.device("cuda", 1)


@pytest.mark.parametrize(
    ("name", "count", "words"),
    [
        ("cuda", 0, "torch sees no CUDA device"),
        ("cuda:2", 2, "torch sees 2 of CUDA"),
        ("meta", 1, "There is no device 'meta'"),
        ("toaster", 1, "There is no device 'toaster'"),
    ],
)
def test_a_device_that_is_not_there_is_refused_in_words(monkeypatch, name, count, words):
    seen(monkeypatch, count)
    with pytest.raises(LoadFailed, match=words):
        device_named(name)

"""Scales that change while a stream runs."""

import pytest
import torch
from torch import nn

from scope.models.checkpoint import LazyTensor
from scope.models.lora import Lora, LowRank, add
from scope.models.lora_switch import attach


def net() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 6), nn.GELU(), nn.Linear(6, 8))


def lora(layers: tuple[str, ...], *, rank: int, seed: int) -> Lora:
    torch.manual_seed(seed)
    sizes = {"0": (6, 8), "2": (8, 6)}
    return {
        name: LowRank(
            LazyTensor.of(torch.randn(rank, sizes[name][1])),
            LazyTensor.of(torch.randn(sizes[name][0], rank)),
            0.5,
        )
        for name in layers
    }


FIRST = lora(("0", "2"), rank=3, seed=2)
SECOND = lora(("2",), rank=2, seed=3)


@pytest.mark.parametrize("scales", [(1.0, 1.0), (0.3, 0.0), (0.0, -2.0)])
def test_a_scale_means_what_a_merge_with_it_means(scales):
    switched, plain = net(), net()
    switch = attach(switched, [FIRST, SECOND], scales=(9.0, 9.0), dtype=torch.float32)
    switch.set_scales(scales)
    for change, scale in zip((FIRST, SECOND), scales, strict=True):
        add(plain, change, scale=scale)
    x = torch.randn(4, 8)
    assert torch.allclose(switched(x), plain(x), atol=1e-5)
    assert switch.scales == scales


def test_all_scales_at_zero_leave_the_model_exactly_as_it_was():
    switched, plain = net(), net()
    attach(switched, [FIRST, SECOND], scales=(0.0, 0.0), dtype=torch.float32)
    x = torch.randn(4, 8)
    assert torch.equal(switched(x), plain(x))


def test_scales_are_written_in_place():
    switched = net()
    switch = attach(switched, [FIRST], scales=(1.0,), dtype=torch.float32)
    gains = switched[0].gains
    switch.set_scales((0.25,))
    assert switched[0].gains is gains
    assert gains.tolist() == [0.125] * 3


def test_the_number_of_scales_is_checked():
    switch = attach(net(), [FIRST], scales=(1.0,), dtype=torch.float32)
    with pytest.raises(ValueError, match="1 scales"):
        switch.set_scales((1.0, 2.0))

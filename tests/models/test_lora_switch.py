"""Scales that change while a stream runs."""

import pytest
import torch
from torch import nn

from scope.models.causal import CausalConfig, CausalTransformer
from scope.models.checkpoint import LazyTensor
from scope.models.fp8 import Fp8Linear
from scope.models.lora import Change, Difference, Lora, LowRank, add
from scope.models.lora_switch import LoraLinear, attach

SIZES = {"0": (6, 8), "2": (8, 6)}


def net() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 6), nn.GELU(), nn.Linear(6, 8)).requires_grad_(False)


def pair(layer: str, *, rank: int) -> LowRank:
    outputs, inputs = SIZES[layer]
    down, up = torch.randn(rank, inputs), torch.randn(outputs, rank)
    return LowRank(LazyTensor.of(down), LazyTensor.of(up), 0.5)


def lora(layers: tuple[str, ...], *, rank: int, seed: int) -> Lora:
    torch.manual_seed(seed)
    return {f"{layer}.weight": pair(layer, rank=rank) for layer in layers}


def differences(*, seed: int) -> Lora:
    """A low-rank pair in one layer, plain differences of the other, biases of both."""
    torch.manual_seed(seed)
    changes: dict[str, Change] = {"0.weight": pair("0", rank=1)}
    for name, shape in (("2.weight", (8, 6)), ("0.bias", (6,)), ("2.bias", (8,))):
        changes[name] = Difference(LazyTensor.of(torch.randn(shape)))
    return changes


FIRST = lora(("0", "2"), rank=3, seed=2)
SECOND = lora(("2",), rank=2, seed=3)
WHOLE = differences(seed=4)
ALL = [FIRST, SECOND, WHOLE]


@pytest.mark.parametrize(
    "scales", [(1.0, 1.0, 0.0), (0.3, 0.0, 1.0), (0.0, -2.0, 0.5), (0.7, 10.0, -10.0)]
)
@pytest.mark.parametrize("beside", [lambda _: True, lambda name: name == "2", lambda _: False])
def test_a_scale_means_what_a_merge_with_it_means(scales, beside):
    switched, plain = net(), net()
    switch = attach(switched, ALL, scales=(9.0, 9.0, 9.0), dtype=torch.float32, beside=beside)
    switch.set_scales(scales)
    for change, scale in zip(ALL, scales, strict=True):
        add(plain, change, scale=scale)
    x = torch.randn(4, 8)
    wanted = plain(x)
    # Sums of thousands may cancel: what is exact is exact beside the largest.
    assert torch.allclose(switched(x), wanted, atol=1e-6 * float(wanted.abs().max()), rtol=1e-5)
    assert switch.scales == scales
    assert isinstance(switched[2], LoraLinear) is beside("2")


@pytest.mark.parametrize("beside", [lambda _: True, lambda _: False])
def test_all_scales_at_zero_leave_the_model_exactly_as_it_was(beside):
    switched, plain = net().bfloat16(), net().bfloat16()
    switch = attach(switched, ALL, scales=(1.0, 2.0, 3.0), dtype=torch.bfloat16, beside=beside)
    x = torch.randn(4, 8).bfloat16()
    assert not torch.equal(switched(x), plain(x))
    switch.set_scales((0.0, 0.0, 0.0))
    assert torch.equal(switched(x), plain(x))


def test_going_back_and_forth_leaves_no_trace():
    switched = net()
    switch = attach(switched, ALL, scales=(1.0, 0.5, 0.25), dtype=torch.float32)
    x = torch.randn(4, 8)
    before = switched(x)
    for scales in ((9.0, -9.0, 3.3), (0.0, 0.0, 0.0), (1.0, 0.5, 0.25)):
        switch.set_scales(scales)
    assert torch.equal(switched(x), before)


def test_scales_are_written_in_place():
    switched = net()
    switch = attach(switched, [FIRST, WHOLE], scales=(1.0, 1.0), dtype=torch.float32)
    gains, bias = switched[0].gains, switched[0].base.bias
    places = gains.data_ptr(), bias.data_ptr()
    plain = net()[0].bias
    switch.set_scales((0.25, 2.0))
    assert (switched[0].gains.data_ptr(), switched[0].base.bias.data_ptr()) == places
    assert gains.tolist() == [0.125] * 3 + [1.0]
    change = WHOLE["0.bias"].delta(2.0, torch.device("cpu"))
    assert torch.allclose(bias, plain + change, atol=1e-6)


def test_a_bias_inside_fused_layers_is_still_found():
    model = CausalTransformer(CausalConfig(dim=48, heads=3, layers=1, ffn=96, text_dim=24))
    model.requires_grad_(False)
    name = "blocks.0.self_attn.k.bias"
    change = {name: Difference(LazyTensor.of(torch.randn(48)))}
    before = model.get_parameter(name).clone()
    switch = attach(model, [change], scales=(1.0,), dtype=torch.float32)
    model.fuse()
    switch.set_scales((2.0,))
    moved = before + change[name].delta(2.0, torch.device("cpu"))
    x, attention = torch.randn(1, 5, 48), model.blocks[0].self_attn
    key = attention.norm_k(nn.functional.linear(x, attention.k.weight, moved))
    assert torch.allclose(attention.all(x)[1], attention.split(key), atol=1e-5)


def test_eight_bit_layers_take_changes_too():
    layer = Fp8Linear(8, 6, bias=True, dtype=torch.float32)
    layer.stored.copy_(torch.randn(6, 8).to(layer.stored.dtype))
    switched = nn.Sequential(layer)
    changes = {"0.weight": pair("0", rank=2), "0.bias": WHOLE["0.bias"]}
    x = torch.randn(3, 8)
    before = layer(x)
    attach(switched, [changes], scales=(0.5,), dtype=torch.float32)
    here = torch.device("cpu")
    expected = before + x @ changes["0.weight"].delta(0.5, here).T
    expected = expected + changes["0.bias"].delta(0.5, here)
    assert torch.allclose(switched(x), expected, atol=1e-5)


def test_the_number_of_scales_is_checked():
    switch = attach(net(), [FIRST], scales=(1.0,), dtype=torch.float32)
    with pytest.raises(ValueError, match="1 scales"):
        switch.set_scales((1.0, 2.0))

"""Linear layers in eight bits: rounded, read from files, multiplied."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scope.models.assign import assign, on_meta
from scope.models.checkpoint import LazyTensor, Weights
from scope.models.fp8 import FP8, Fp8Linear, has_fp8_products, in_fp8, widened

CPU = torch.device("cpu")


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 16, bias=False))


def lazily(tensors: dict[str, torch.Tensor]) -> Weights:
    return {name: LazyTensor.of(tensor) for name, tensor in tensors.items()}


def loaded(weights: Weights, **options) -> nn.Sequential:
    model = on_meta(net)
    assign(
        model,
        in_fp8(model, weights, dtype=torch.float32, **options),
        device=CPU,
        dtype=torch.float32,
    )
    return model


def test_wide_weights_are_rounded_as_they_are_read():
    wide = net()
    small = loaded(lazily(wide.state_dict()))
    assert isinstance(small[0], Fp8Linear)
    assert small[0].stored.dtype == FP8
    assert small[0].stored.float().abs().max() == 448
    x = torch.randn(5, 32)
    error = (small(x) - wide(x)).norm() / wide(x).norm()
    assert 0.001 < error < 0.05


def test_only_the_chosen_layers_get_eight_bits():
    small = loaded(lazily(net().state_dict()), select=lambda name, layer: layer.bias is None)
    assert isinstance(small[0], nn.Linear)
    assert isinstance(small[2], Fp8Linear)


@pytest.mark.parametrize("ending", ["scale_weight", "weight_scale", None])
@pytest.mark.parametrize("keep", [True, False])
def test_a_file_in_eight_bits_is_taken_as_it_is_with_or_without_scales(ending, keep):
    tensors = net().state_dict()
    tensors["0.weight"] = tensors["0.weight"].to(FP8)
    if ending:
        tensors[f"0.{ending}"] = torch.tensor([0.3])
        tensors["scaled_fp8"] = torch.zeros(0, dtype=FP8)
    small = loaded(lazily(tensors), select=lambda name, _: keep and name == "0")
    assert isinstance(small[0], Fp8Linear) == keep
    matrix = tensors["0.weight"].float() * (0.3 if ending else 1.0)
    x = torch.randn(5, 32)
    expected = F.linear(x, matrix, tensors["0.bias"])
    assert torch.allclose(small[0](x), expected, atol=1e-5 if keep else 2e-2)
    if keep:
        assert torch.equal(small[0].stored.float(), tensors["0.weight"].float())


def test_scales_keep_their_precision_when_the_model_is_narrowed():
    tensors = {"weight": torch.randn(16, 16).to(FP8), "weight_scale": torch.tensor(0.123456)}
    model = nn.Sequential(on_meta(lambda: nn.Linear(16, 16, bias=False)))
    named = {f"0.{name}": tensor for name, tensor in lazily(tensors).items()}
    weights = in_fp8(model, named, dtype=torch.bfloat16)
    assign(model, weights, device=CPU, dtype=torch.bfloat16)
    assert model[0].scale.float() == torch.tensor(0.123456)
    assert model[0](torch.randn(2, 16).bfloat16()).dtype == torch.bfloat16


def test_widening_drops_markers_and_scales_and_leaves_the_rest():
    tensors = {
        "a.weight": torch.ones(2, 2).to(FP8),
        "a.scale_weight": torch.tensor(2.0),
        "b": torch.ones(3),
        "scaled_fp8": torch.zeros(0),
    }
    wide = widened(lazily(tensors))
    assert set(wide) == {"a.weight", "b"}
    assert torch.equal(wide["a.weight"].read(), torch.full((2, 2), 2.0).bfloat16())


def test_products_in_eight_bits_are_near_the_wide_ones():
    wide = net()
    small = loaded(lazily(wide.state_dict()), products=True)
    x = torch.randn(2, 5, 32)
    assert small(x).shape == wide(x).shape
    error = (small(x) - wide(x)).norm() / wide(x).norm()
    assert error < 0.08
    assert torch.equal(small(torch.zeros(1, 32))[0].isnan(), torch.zeros(16).bool())


def test_others_see_the_shape_and_the_type_of_the_matrix():
    layer = Fp8Linear(3, 4, bias=True, dtype=torch.float32)
    assert layer.weight.shape == (4, 3)
    assert layer.weight.dtype == torch.float32


def test_a_processor_has_no_quick_products_in_eight_bits():
    assert not has_fp8_products(CPU)

"""Weights onto a model: strictly, in place, without holding them twice."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from scope.errors import LoadFailed
from scope.models.assign import assign, on_meta
from scope.models.checkpoint import LazyTensor, Weights, open_weights

CPU = torch.device("cpu")


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.inner = nn.Sequential(nn.BatchNorm1d(4))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)


def lazily(tensors: dict[str, torch.Tensor]) -> dict[str, LazyTensor]:
    return {name: LazyTensor.of(tensor) for name, tensor in tensors.items()}


def weights_of(model: nn.Module) -> Weights:
    torch.manual_seed(0)
    return lazily(
        {
            name: torch.randn(tensor.shape) if tensor.is_floating_point() else tensor
            for name, tensor in model.state_dict().items()
        }
    )


def test_a_model_without_memory_gets_its_weights():
    weights = weights_of(Small())
    model = on_meta(Small)
    assert model.first.weight.is_meta
    assert not model.training
    assign(model, weights, device=CPU, dtype=torch.bfloat16)
    assert model.first.weight.dtype == torch.bfloat16
    assert not model.first.weight.requires_grad
    assert torch.equal(model.first.bias, weights["first.bias"].read().bfloat16())
    assert model.inner[0].num_batches_tracked.dtype == torch.int64
    assert torch.equal(
        model.inner[0].running_mean, weights["inner.0.running_mean"].read().bfloat16()
    )


def test_the_types_of_the_file_are_kept_when_none_is_asked_for():
    weights = lazily({"weight": torch.ones(2, 2).half(), "bias": torch.ones(2)})
    model = on_meta(lambda: nn.Linear(2, 2))
    assign(model, weights, device=CPU, dtype=None)
    assert (model.weight.dtype, model.bias.dtype) == (torch.float16, torch.float32)


def test_what_is_assigned_does_not_hang_on_the_file(tmp_path):
    save_file({"weight": torch.ones(2, 2), "bias": torch.ones(2)}, tmp_path / "a.safetensors")
    model = on_meta(lambda: nn.Linear(2, 2))
    assign(model, open_weights(tmp_path / "a.safetensors"), device=CPU, dtype=None)
    (tmp_path / "a.safetensors").write_bytes(bytes(300))
    assert torch.equal(model.weight, torch.ones(2, 2))


def test_missing_and_extra_names_are_listed_before_anything_is_read():
    weights = weights_of(Small())
    wrong = {name: tensor for name, tensor in weights.items() if not name.startswith("inner")}

    def explode() -> torch.Tensor:
        raise AssertionError("read too early")

    wrong["first.weight"] = LazyTensor((4, 3), torch.float32, explode)
    wrong["other.weight"] = LazyTensor((1,), torch.float32, explode)
    with pytest.raises(LoadFailed) as caught:
        assign(on_meta(Small), wrong, device=CPU, dtype=None)
    assert "is missing: inner.0.weight, inner.0.bias" in caught.value.detail
    assert "and 2 more" in caught.value.detail
    assert "is not of this model: other.weight" in caught.value.detail


def test_a_wrong_shape_is_named():
    weights = {**weights_of(Small()), "first.bias": LazyTensor.of(torch.zeros(5))}
    with pytest.raises(LoadFailed, match=r"first.bias is \[5\], should be \[4\]"):
        assign(on_meta(Small), weights, device=CPU, dtype=None)


def test_progress_counts_bytes_and_ends_at_the_whole():
    seen: list[tuple[int, int]] = []
    weights = weights_of(Small())
    assign(
        on_meta(Small),
        weights,
        device=CPU,
        dtype=None,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert len(seen) == len(weights)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1][0] == seen[-1][1] == sum(tensor.bytes for tensor in weights.values())


def test_only_one_tensor_is_held_beside_the_model():
    alive = 0
    most = 0

    def lazy(size: int) -> LazyTensor:
        def read() -> torch.Tensor:
            nonlocal alive, most
            alive += 1
            most = max(most, alive)
            tensor = torch.zeros(size)

            class Watch:
                def __del__(self) -> None:
                    nonlocal alive
                    alive -= 1

            tensor.watch = Watch()  # type: ignore[attr-defined]
            return tensor

        return LazyTensor((size,), torch.float32, read)

    model = nn.Module()
    for index in range(5):
        model.register_parameter(f"p{index}", nn.Parameter(torch.empty(4, device="meta")))
    assign(model, {f"p{index}": lazy(4) for index in range(5)}, device=CPU, dtype=None)
    assert most == 1
    assert alive == 0

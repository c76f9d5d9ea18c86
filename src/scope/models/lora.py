"""Changes to a trained model: read strictly from any published form, merged into the weights.

Decides the names a file may use (low-rank pairs, and plain differences of whole tensors), that
every tensor in it must find its place in the model, and the arithmetic of a merge (float32, cast
back). Scales that change while a stream runs are `lora_switch`'s.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from scope.errors import LoadFailed
from scope.models.checkpoint import LazyTensor, Weights, plain_name
from scope.models.wan_names import from_diffusers

_FRONT = ("base_model.model.", "base_model.", "transformer.")
_HALF = re.compile(r"^(?P<module>.+)\.lora_(?P<half>A|B|down|up)(\.[^.]+)?\.weight$")
"""PEFT's names with or without that of the adapter, and those of the older trainers."""

_DOWN = frozenset({"A", "down"})
_DIFFERENCES = {"diff": "weight", "diff_b": "bias"}
"""What is changed as a whole: the ending in the file, and that of the parameter."""

Shapes = Mapping[str, tuple[int, ...]]

PartT = TypeVar("PartT")


@dataclass(frozen=True, slots=True)
class LowRank:
    """W becomes W + scale * factor * up @ down; down is [rank, in], up is [out, rank]."""

    down: LazyTensor
    up: LazyTensor
    factor: float

    def delta(self, scale: float, device: torch.device) -> Tensor:
        """The change in float32."""
        down = self.down.read().to(device=device, dtype=torch.float32)
        up = self.up.read().to(device=device, dtype=torch.float32)
        return (scale * self.factor) * (up @ down)

    @property
    def numbers(self) -> int:
        """How many it holds."""
        return torch.Size(self.down.shape).numel() + torch.Size(self.up.shape).numel()


@dataclass(frozen=True, slots=True)
class Difference:
    """W becomes W + scale * difference, of the same shape."""

    difference: LazyTensor

    def delta(self, scale: float, device: torch.device) -> Tensor:
        """The change in float32."""
        return scale * self.difference.read().to(device=device, dtype=torch.float32)

    @property
    def numbers(self) -> int:
        """How many it holds."""
        return torch.Size(self.difference.shape).numel()


Change = LowRank | Difference
Lora = Mapping[str, Change]
"""By the name of the parameter that is changed."""


def read_lora(weights: Weights, shapes: Shapes) -> Lora:
    """The changes of a file, each matched to a parameter of the model. Raises LoadFailed."""
    halves: dict[str, dict[str, LazyTensor]] = {}
    alphas: dict[str, float] = {}
    whole: dict[str, Change] = {}
    for name, tensor in weights.items():
        match = _HALF.match(name)
        stem, _, ending = name.rpartition(".")
        if match is not None:
            half = "down" if match["half"] in _DOWN else "up"
            _put(halves.setdefault(_matrix(match["module"], shapes), {}), half, tensor, name)
        elif ending in _DIFFERENCES:
            place = _parameter(stem, _DIFFERENCES[ending], shapes)
            _put(whole, place, _difference(name, tensor, shapes[place]), name)
        elif ending == "alpha" and tensor.bytes == tensor.dtype.itemsize:
            alphas[_matrix(stem, shapes)] = float(tensor.read().item())
        else:
            raise LoadFailed(f"the LoRA holds {name}, which is no part of a low-rank pair")
    if not (halves or whole) or set(alphas) - set(halves):
        raise LoadFailed("the LoRA holds no whole low-rank pair")
    for name, pair in halves.items():
        _put(whole, name, _pair(name, pair, alphas.get(name), shapes[name]), name)
    return whole


def shapes_of(weights: Weights) -> Shapes:
    """What could be changed."""
    return {name: tensor.shape for name, tensor in weights.items()}


def merged(
    weights: Weights, lora: Lora, *, scale: float = 1.0, device: torch.device | None = None
) -> Weights:
    """The same weights, changed as they are read. device: where the change is computed."""
    result = dict(weights)
    for name, change in lora.items():
        base = weights[name]
        read = _merging(base, change, scale, device or torch.device("cpu"))
        result[name] = LazyTensor(base.shape, base.dtype, read)
    return result


def add(model: nn.Module, lora: Lora, *, scale: float) -> None:
    """Change a loaded model in place; the opposite scale undoes it up to rounding."""
    for name, change in lora.items():
        weight = model.get_parameter(name)
        changed = weight.data.float() + change.delta(scale, weight.device)
        weight.data.copy_(changed)


def _merging(
    base: LazyTensor, change: Change, scale: float, device: torch.device
) -> Callable[[], Tensor]:
    def read() -> Tensor:
        weight = base.read().to(device)
        return (weight.float() + change.delta(scale, device)).to(weight.dtype)

    return read


def _put(found: dict[str, PartT], place: str, part: PartT, name: str) -> None:
    if place in found:
        raise LoadFailed(f"the LoRA holds {name} twice")
    found[place] = part


def _parameter(module: str, leaf: str, shapes: Shapes) -> str:
    """The parameter that a file's name means; one that is no layer's stands for itself."""
    plain, before = module, ""
    while plain != before:
        before, plain = plain, plain_name(plain)
        for front in _FRONT:
            plain = plain.removeprefix(front)
    for ours in (f"{plain}.{leaf}", plain):
        if ours in shapes:
            return ours
    try:
        ours = from_diffusers(f"{plain}.{leaf}")
    except KeyError:
        ours = ""
    if ours not in shapes:
        raise LoadFailed(f"the LoRA changes the {leaf} of {module}, which the model does not have")
    return ours


def _matrix(module: str, shapes: Shapes) -> str:
    """The same for a low-rank pair."""
    try:
        name = _parameter(module, "weight", shapes)
    except LoadFailed:
        name = ""
    if len(shapes.get(name, ())) != 2:
        raise LoadFailed(f"the LoRA changes {module}, which is no linear layer of the model")
    return name


def _difference(name: str, tensor: LazyTensor, shape: tuple[int, ...]) -> Difference:
    if tensor.shape != shape:
        raise LoadFailed(
            f"the LoRA changes {name} as {list(tensor.shape)}, the model's is {list(shape)}"
        )
    return Difference(tensor)


def _pair(
    name: str, pair: Mapping[str, LazyTensor], alpha: float | None, shape: tuple[int, ...]
) -> LowRank:
    layer = name.removesuffix(".weight")
    if len(pair) != 2:
        raise LoadFailed(f"the LoRA holds only one half of {layer}")
    down, up = pair["down"], pair["up"]
    if len(down.shape) != 2 or len(up.shape) != 2 or down.shape[0] != up.shape[1]:
        raise LoadFailed(f"the LoRA's halves of {layer} do not fit each other")
    if (up.shape[0], down.shape[1]) != shape:
        raise LoadFailed(
            f"the LoRA changes {layer} as [{up.shape[0]}, {down.shape[1]}], it is {list(shape)}"
        )
    rank = down.shape[0]
    # A file without alpha was trained with alpha equal to the rank, or has it multiplied in.
    return LowRank(down, up, (rank if alpha is None else alpha) / rank)

"""Low-rank changes to a model: read strictly from any published form, merged into the weights.

Decides the names a file may use, that every tensor in it must find its linear layer, and the
arithmetic of a merge (float32, cast back). Scales that change while a stream runs are
`lora_switch`'s.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scope.errors import LoadFailed
from scope.models.checkpoint import LazyTensor, Weights, plain_name
from scope.models.wan_names import from_diffusers

_FRONT = ("base_model.model.", "base_model.", "transformer.")
_HALF = re.compile(r"^(?P<module>.+)\.lora_(?P<half>A|B|down|up)(\.[^.]+)?\.weight$")
"""PEFT's names with or without that of the adapter, and those of the older trainers."""

_DOWN = frozenset({"A", "down"})


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


Lora = Mapping[str, LowRank]
"""By the name of the linear layer that is changed."""


def read_lora(weights: Weights, linears: Mapping[str, tuple[int, ...]]) -> Lora:
    """The pairs of a file, each matched to a linear layer [out, in]. Raises LoadFailed."""
    halves: dict[str, dict[str, LazyTensor]] = {}
    alphas: dict[str, float] = {}
    for name, tensor in weights.items():
        match = _HALF.match(name)
        if match is not None:
            half = "down" if match["half"] in _DOWN else "up"
            slot = halves.setdefault(_module(match["module"], linears), {})
            if half in slot:
                raise LoadFailed(f"the LoRA holds {name} twice")
            slot[half] = tensor
        elif name.endswith(".alpha") and tensor.bytes == tensor.dtype.itemsize:
            alphas[_module(name.removesuffix(".alpha"), linears)] = float(tensor.read().item())
        else:
            raise LoadFailed(f"the LoRA holds {name}, which is no part of a low-rank pair")
    if not halves or set(alphas) - set(halves):
        raise LoadFailed("the LoRA holds no whole low-rank pair")
    return {
        name: _pair(name, pair, alphas.get(name), linears[name]) for name, pair in halves.items()
    }


def linears_of(weights: Weights) -> dict[str, tuple[int, ...]]:
    """The layers that could be changed: every matrix."""
    return {
        name.removesuffix(".weight"): tensor.shape
        for name, tensor in weights.items()
        if name.endswith(".weight") and len(tensor.shape) == 2
    }


def merged(
    weights: Weights, lora: Lora, *, scale: float = 1.0, device: torch.device | None = None
) -> Weights:
    """The same weights, changed as they are read. device: where the change is computed."""
    result = dict(weights)
    for name, pair in lora.items():
        base = weights[f"{name}.weight"]
        read = _merging(base, pair, scale, device or torch.device("cpu"))
        result[f"{name}.weight"] = LazyTensor(base.shape, base.dtype, read)
    return result


def add(model: nn.Module, lora: Lora, *, scale: float) -> None:
    """Change a loaded model in place; the opposite scale undoes it up to rounding."""
    for name, pair in lora.items():
        weight = model.get_submodule(name).get_parameter("weight")
        changed = weight.data.float() + pair.delta(scale, weight.device)
        weight.data.copy_(changed)


def _merging(
    base: LazyTensor, pair: LowRank, scale: float, device: torch.device
) -> Callable[[], Tensor]:
    def read() -> Tensor:
        weight = base.read().to(device)
        return (weight.float() + pair.delta(scale, device)).to(weight.dtype)

    return read


def _module(name: str, linears: Mapping[str, tuple[int, ...]]) -> str:
    """The layer that a file's name means."""
    plain, before = name, ""
    while plain != before:
        before, plain = plain, plain_name(plain)
        for front in _FRONT:
            plain = plain.removeprefix(front)
    if plain in linears:
        return plain
    try:
        ours = from_diffusers(f"{plain}.weight").removesuffix(".weight")
    except KeyError:
        ours = ""
    if ours not in linears:
        raise LoadFailed(f"the LoRA changes {name}, which is no linear layer of the model")
    return ours


def _pair(
    name: str, pair: Mapping[str, LazyTensor], alpha: float | None, shape: tuple[int, ...]
) -> LowRank:
    if len(pair) != 2:
        raise LoadFailed(f"the LoRA holds only one half of {name}")
    down, up = pair["down"], pair["up"]
    if len(down.shape) != 2 or len(up.shape) != 2 or down.shape[0] != up.shape[1]:
        raise LoadFailed(f"the LoRA's halves of {name} do not fit each other")
    if (up.shape[0], down.shape[1]) != shape:
        raise LoadFailed(
            f"the LoRA changes {name} as [{up.shape[0]}, {down.shape[1]}], it is {list(shape)}"
        )
    rank = down.shape[0]
    # A file without alpha was trained with alpha equal to the rank, or has it multiplied in.
    return LowRank(down, up, (rank if alpha is None else alpha) / rank)

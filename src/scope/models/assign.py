"""Weights onto a model that was built without any, strictly.

Decides what "the file fits the model" means (the same names, the same shapes, nothing more) and
that memory never holds more than the model and one tensor. It does not know files or models.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from scope.errors import LoadFailed
from scope.models.checkpoint import LazyTensor, Weights

BytesDone = Callable[[int, int], None]
"""Called with the bytes assigned so far and those of the whole."""

ModelT = TypeVar("ModelT", bound=nn.Module)

_SHOWN = 3


def on_meta(build: Callable[[], ModelT]) -> ModelT:
    """The model with shapes and no memory behind them."""
    with torch.device("meta"):
        return build().eval().requires_grad_(False)


def assign(
    model: nn.Module,
    weights: Weights,
    *,
    device: torch.device,
    dtype: torch.dtype | None,
    progress: BytesDone | None = None,
) -> None:
    """Give every parameter and saved buffer of the model its tensor, in place.

    dtype: what float32 tensors of the model become (one built with another type keeps its own);
    None keeps the file's types. Raises LoadFailed, before anything is read, if a name is missing
    or too many or a shape differs.
    """
    places = _places(model)
    check({name: tuple(place.tensor.shape) for name, place in places.items()}, weights)
    total, done = sum(tensor.bytes for tensor in weights.values()), 0
    for name, place in places.items():
        lazy = weights[name]
        place.put(_owned(lazy, device, place.kind(dtype, lazy.dtype)))
        done += lazy.bytes
        if progress is not None:
            progress(done, total)


def check(wanted: Mapping[str, tuple[int, ...]], weights: Weights) -> None:
    """Raises LoadFailed unless the names are the same and each shape fits."""
    missing = [name for name in wanted if name not in weights]
    extra = [name for name in weights if name not in wanted]
    if missing or extra:
        parts = [_listed("is missing", missing), _listed("is not of this model", extra)]
        raise LoadFailed(f"the weights do not fit the model: {'; '.join(filter(None, parts))}")
    for name, shape in wanted.items():
        if weights[name].shape != shape:
            raise LoadFailed(
                f"the weights do not fit the model: {name} is {list(weights[name].shape)}, "
                f"should be {list(shape)}"
            )


def _listed(what: str, names: list[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(names[:_SHOWN])
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{what}: {shown}{rest}"


def _owned(lazy: LazyTensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    """The tensor in memory of its own: a view of a mapped file would end with the file."""
    return lazy.read().to(device=device, dtype=dtype, copy=True).contiguous()


class _Place:
    """Where a tensor of the model lives."""

    def __init__(self, owner: nn.Module, leaf: str, tensor: Tensor) -> None:
        self.owner = owner
        self.leaf = leaf
        self.tensor = tensor

    def kind(self, dtype: torch.dtype | None, file: torch.dtype) -> torch.dtype:
        if dtype is None:
            return file
        return dtype if self.tensor.dtype == torch.float32 else self.tensor.dtype

    def put(self, tensor: Tensor) -> None:
        if isinstance(self.tensor, nn.Parameter):
            setattr(self.owner, self.leaf, nn.Parameter(tensor, requires_grad=False))
        else:
            setattr(self.owner, self.leaf, tensor)


def _places(model: nn.Module) -> dict[str, _Place]:
    """Every parameter and every buffer that is saved; what is shared stands once."""
    saved = set(model.state_dict(keep_vars=True))
    found = [*model.named_parameters(), *model.named_buffers()]
    places = {}
    for name, tensor in found:
        if name in saved:
            path, _, leaf = name.rpartition(".")
            places[name] = _Place(model.get_submodule(path), leaf, tensor)
    return places

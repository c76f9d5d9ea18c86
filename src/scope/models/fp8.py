"""Weights in eight bits: half the memory of bfloat16, on some devices faster products too.

Decides how a linear layer keeps its matrix as e4m3 numbers with one scale, and how a file's
weights become such layers as they are read. Everywhere else the matrix is widened on use.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scope.models.checkpoint import LazyTensor, Weights

FP8 = torch.float8_e4m3fn
_LARGEST = torch.finfo(FP8).max

SCALE_NAMES = (".scale_weight", ".weight_scale")
"""What published files call the scale beside a layer's `.weight`."""

MARKERS = frozenset({"scaled_fp8"})
"""Tensors that only say that a file has scales."""

Select = Callable[[str, nn.Linear], bool]


class Fp8Linear(nn.Module):
    """A linear layer: stored [out, in] times scale is the matrix."""

    stored: Tensor
    scale: Tensor
    bias: Tensor | None

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        bias: bool,
        dtype: torch.dtype = torch.bfloat16,
        products: bool = False,
    ) -> None:
        """dtype: what the model computes in. products: multiply in eight bits too, the input
        scaled by its largest value.
        """
        super().__init__()
        self.dtype = dtype
        self.products = products
        self.register_buffer("stored", torch.zeros(outputs, inputs, dtype=FP8))
        # float64, so that a loader that narrows the model leaves it alone.
        self.register_buffer("scale", torch.ones((), dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(outputs) if bias else None)

    @property
    def weight(self) -> Tensor:
        """The matrix as others ask about it: shape and type, no numbers."""
        return torch.empty(self.stored.shape, dtype=self.dtype, device="meta")

    def forward(self, x: Tensor) -> Tensor:
        if self.products:
            return self._product(x)
        out = F.linear(x, self.stored.to(x.dtype)) * self.scale
        return out if self.bias is None else out + self.bias.to(x.dtype)

    def _product(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        out = torch._scaled_mm(
            _rounded(rows),
            self.stored.t(),
            scale_a=_scale_for(rows),
            scale_b=self.scale.float(),
            out_dtype=torch.bfloat16,
        )
        out = out.to(x.dtype).reshape(*x.shape[:-1], -1)
        return out if self.bias is None else out + self.bias.to(x.dtype)


def has_fp8_products(device: torch.device) -> bool:
    """Whether the device multiplies eight-bit matrices quickly."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 9)


def in_fp8(
    model: nn.Module,
    weights: Weights,
    *,
    dtype: torch.dtype,
    select: Select | None = None,
    products: bool = False,
) -> Weights:
    """Give the chosen linear layers of a model on the meta device eight bits.

    The weights come back as these layers want them: what is wide is rounded as it is read, what
    already has eight bits is taken as it is.
    """
    changed = {name: tensor for name, tensor in weights.items() if name not in MARKERS}
    for name, layer in list(model.named_modules()):
        if not isinstance(layer, nn.Linear) or (select is not None and not select(name, layer)):
            continue
        owner, _, leaf = name.rpartition(".")
        with torch.device("meta"):
            small = Fp8Linear(
                layer.in_features,
                layer.out_features,
                bias=layer.bias is not None,
                dtype=dtype,
                products=products,
            )
        setattr(model.get_submodule(owner), leaf, small)
        if f"{name}.weight" in changed:
            matrix, scale = changed.pop(f"{name}.weight"), _scale(changed, name)
            stored, scale = _narrowed(matrix) if matrix.dtype != FP8 else (matrix, scale)
            changed[f"{name}.stored"] = stored
            changed[f"{name}.scale"] = scale or LazyTensor.of(torch.ones((), dtype=torch.float64))
    return widened(changed)


def widened(weights: Weights) -> Weights:
    """The same weights with what has eight bits, and no layer to keep it, as bfloat16."""
    wide = {name: tensor for name, tensor in weights.items() if name not in MARKERS}
    for name, tensor in weights.items():
        if tensor.dtype == FP8 and not name.endswith(".stored"):
            scale = _scale(wide, name.removesuffix(".weight"))
            wide[name] = LazyTensor(tensor.shape, torch.bfloat16, _widening(tensor, scale))
    return wide


def _scale(weights: dict[str, LazyTensor], layer: str) -> LazyTensor | None:
    """The scale of a layer, taken out of the weights."""
    for ending in SCALE_NAMES:
        found = weights.pop(layer + ending, None)
        if found is not None:
            return _single(found)
    return None


def _single(tensor: LazyTensor) -> LazyTensor:
    return LazyTensor((), tensor.dtype, lambda: tensor.read().reshape(()))


def _widening(tensor: LazyTensor, scale: LazyTensor | None) -> Callable[[], Tensor]:
    def read() -> Tensor:
        wide = tensor.read().float()
        return (wide if scale is None else wide * scale.read().float()).bfloat16()

    return read


def _narrowed(matrix: LazyTensor) -> tuple[LazyTensor, LazyTensor]:
    def scale() -> Tensor:
        return _scale_for(matrix.read())

    def stored() -> Tensor:
        return _rounded(matrix.read())

    return LazyTensor(matrix.shape, FP8, stored), LazyTensor((), torch.float32, scale)


def _scale_for(values: Tensor) -> Tensor:
    return (values.abs().amax().float() / _LARGEST).clamp(min=1e-12)


def _rounded(values: Tensor) -> Tensor:
    return (values.float() / _scale_for(values)).clamp(-_LARGEST, _LARGEST).to(FP8)

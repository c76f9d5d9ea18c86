"""Tensors as numpy arrays of the same bits and back, for states that are parked."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

AnyArray = NDArray[Any]


def array_of(tensor: Tensor) -> AnyArray:
    """A copy on the host. numpy has no bfloat16: its bits travel as 16-bit integers."""
    plain = tensor.detach().cpu().contiguous()
    bits = plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain
    array: AnyArray = bits.numpy().copy()
    return array


def tensor_of(array: AnyArray | None, like: Tensor) -> Tensor:
    """The tensor behind `array_of`, of the shape and type of `like`. Raises ValueError."""
    expected = np.dtype(np.int16) if like.dtype == torch.bfloat16 else _numpy_type(like.dtype)
    if array is None or array.shape != tuple(like.shape) or array.dtype != expected:
        raise ValueError("a tensor of the dumped state is missing or of another shape")
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.view(torch.bfloat16) if like.dtype == torch.bfloat16 else tensor


def _numpy_type(kind: torch.dtype) -> np.dtype[Any]:
    return torch.zeros(0, dtype=kind).numpy().dtype

"""Tensors through numpy and back, bit for bit."""

import numpy as np
import pytest
import torch

from scope.models.tensor_bytes import array_of, tensor_of


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
def test_every_bit_comes_back(kind):
    tensor = torch.randn(2, 3).to(kind)
    back = tensor_of(array_of(tensor), torch.empty(2, 3, dtype=kind))
    assert back.dtype == kind
    assert torch.equal(back, tensor)


def test_the_array_is_a_copy():
    tensor = torch.zeros(2)
    array = array_of(tensor)
    tensor += 1
    assert not array.any()


@pytest.mark.parametrize("array", [None, np.zeros((3, 2), np.float32), np.zeros((2, 3))])
def test_anything_else_is_refused(array):
    with pytest.raises(ValueError, match="missing or of another shape"):
        tensor_of(array, torch.empty(2, 3))

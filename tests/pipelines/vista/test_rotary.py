"""Rotary positions in numpy are those of torch, and un-rotated keys can be turned anywhere."""

import numpy as np
import torch

from scope.models.rope import rotary_tables, rotate
from scope.pipelines.vista.rotary import Rotary


def test_the_angles_are_those_of_torch():
    mine, theirs = Rotary((2, 3), 16, 5), rotary_tables(range(5), (2, 3), 16)
    np.testing.assert_allclose(mine.cos.reshape(30, 8), theirs.cos.numpy(), atol=1e-6)
    np.testing.assert_allclose(mine.sin.reshape(30, 8), theirs.sin.numpy(), atol=1e-6)


def test_keys_turn_as_in_torch_wherever_their_frames_stand():
    keys = np.random.default_rng(0).standard_normal((1, 3, 6, 32), np.float32)
    turned = Rotary((2, 3), 16, 5).turn(keys, [4, 0, 2])
    tables = rotary_tables([4, 0, 2], (2, 3), 16)
    expected = rotate(torch.from_numpy(keys).reshape(1, 18, 2, 16), tables)
    np.testing.assert_allclose(turned.reshape(1, 18, 2, 16), expected.numpy(), atol=1e-5)


def test_an_empty_past_turns_into_an_empty_past():
    empty = np.zeros((2, 0, 6, 32), np.float32)
    assert Rotary((2, 3), 16, 5).turn(empty, []).shape == empty.shape

"""Patches: the order of numbers in and out."""

import torch

from scope.models.patches import patchify, unpatchify


def test_the_channel_is_the_fastest_number_on_the_way_out():
    tokens = torch.randn(1, 2, 6, 16)
    picture = unpatchify(tokens, (2, 3), (1, 2, 2))
    assert picture.shape == (1, 4, 2, 4, 6)
    # Then the column within the patch, then the row.
    assert picture[0, 3, 1, 1, 2] == tokens[0, 1, 1, 1 * 2 * 4 + 0 * 4 + 3]


def test_patches_in_are_what_a_convolution_sees():
    x, conv = torch.randn(2, 4, 3, 4, 6), torch.nn.Conv3d(4, 8, (1, 2, 2), (1, 2, 2))
    seen = patchify(x, (1, 2, 2)) @ conv.weight.flatten(1).T + conv.bias
    expected = conv(x).permute(0, 2, 3, 4, 1).flatten(2, 3)
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=1e-5)

"""Modulation: one kernel or several, the numbers are the same."""

import torch
import torch.nn.functional as F

from scope.models.modulation import Modulation, gated, modulated


def test_scales_have_the_one_added_and_nothing_else_has():
    tables, head = torch.randn(2, 6, 8), torch.randn(2, 8)
    e, e0 = torch.randn(1, 3, 8), torch.randn(1, 3, 6, 8)
    level = Modulation.of(tables, head, e, e0)
    for layer in range(2):
        for row, values in enumerate(level.rows(layer)):
            expected = tables[layer, row] + e0[:, :, row] + (1.0 if row in (1, 4) else 0.0)
            torch.testing.assert_close(values[..., 0, :], expected)
    torch.testing.assert_close(level.head[0, ..., 0, :], head[0] + e)
    torch.testing.assert_close(level.head[1, ..., 0, :], head[1] + e + 1)


def test_one_level_for_all_equals_the_level_written_out_for_each():
    x, (shift, scale, gate) = torch.randn(2, 3, 5, 8), torch.randn(3, 1, 1, 1, 8)
    wide = [row.expand(2, 3, 1, 8) for row in (shift, scale, gate)]
    torch.testing.assert_close(modulated(x, shift, scale, 1e-6), modulated(x, *wide[:2], 1e-6))
    branch = torch.randn_like(x)
    torch.testing.assert_close(gated(x, branch, gate), gated(x, branch, wide[2]))


def test_sixteen_bit_pictures_meet_wide_levels_and_stay_sixteen_bit():
    x, (shift, scale, gate) = torch.randn(1, 1, 5, 8).bfloat16(), torch.randn(3, 1, 1, 1, 8)
    out = modulated(x, shift, scale, 1e-6)
    exact = F.layer_norm(x.float(), (8,), eps=1e-6) * scale + shift
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), exact, atol=3e-2, rtol=2e-2)
    assert gated(x, out, gate).dtype == torch.bfloat16

"""Rotary positions: the split between axes, relative invariance."""

import pytest
import torch

from scope.models.rope import axis_pairs, rotary_tables, rotate


@pytest.mark.parametrize(
    ("head_dim", "pairs"), [(128, (22, 21, 21)), (64, (12, 10, 10)), (16, (4, 2, 2))]
)
def test_channels_are_split_between_the_axes_as_published(head_dim, pairs):
    assert axis_pairs(head_dim) == pairs


def test_a_later_start_is_a_slice_of_a_longer_table():
    long, short = rotary_tables(range(9), (2, 3), 16), rotary_tables([5, 6], (2, 3), 16)
    assert torch.equal(long.cos[30:42], short.cos)
    assert torch.equal(long.sin[30:42], short.sin)


def test_moving_queries_and_keys_together_changes_no_product():
    torch.manual_seed(0)
    q, k = torch.randn(1, 12, 2, 16), torch.randn(1, 12, 2, 16)

    def products(start: int) -> torch.Tensor:
        tables = rotary_tables(range(start, start + 2), (2, 3), 16)
        return torch.einsum("bqhd,bkhd->bhqk", rotate(q, tables), rotate(k, tables))

    torch.testing.assert_close(products(0), products(700), atol=1e-4, rtol=1e-4)


def test_turning_keeps_lengths_and_does_nothing_at_the_origin():
    x = torch.randn(1, 1, 1, 16)
    assert torch.equal(rotate(x, rotary_tables([0], (1, 1), 16)), x)
    turned = rotate(x, rotary_tables([77], (1, 1), 16))
    torch.testing.assert_close(turned.norm(), x.norm())


def test_turning_in_reals_and_in_complex_numbers_is_the_same():
    torch.manual_seed(0)
    x, tables = torch.randn(2, 12, 2, 16), rotary_tables([3, 8], (2, 3), 16)
    with torch.no_grad():
        complex_turned = rotate(x, tables)
    assert torch.equal(rotate(x.requires_grad_(), tables), complex_turned)


def test_rows_of_a_table_can_be_picked_by_frame():
    long, places = rotary_tables(range(6), (2, 3), 16), torch.tensor([4, 1])
    assert torch.equal(long.frames(places, 6).table, rotary_tables([4, 1], (2, 3), 16).table)

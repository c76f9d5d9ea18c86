"""Rows of caches over common tensors."""

import math

import torch

from scope.models.batch_view import CacheRows
from scope.models.cache_policy import Window
from scope.models.kv_cache import CacheShape


def make(rows: int) -> CacheRows:
    shape = CacheShape(1, 1, (1, 2), 1, 4)
    return CacheRows(shape, Window(3, 1), torch.empty(0), rows=rows)


def test_what_a_row_writes_is_in_the_common_tensor():
    rows = make(2)
    rows.caches[1].keys[:, :, 2] = 7.0
    assert rows.keys[0, 1, 2].eq(7).all()
    assert rows.keys[0, 0].eq(0).all()


def test_each_row_writes_into_its_own_slots():
    rows = make(2)
    plans = [cache.begin_block(1) for cache in rows.caches]
    plans[1] = rows.caches[1].begin_block(1)
    view = rows.view(plans)
    view.write(0, *[torch.ones(2, 2, 1, 4)] * 3)
    assert rows.keys[0, :, :, 0, 0, 0].tolist() == [[1, 0, 0], [0, 1, 0]]


def test_a_row_that_holds_less_does_not_see_the_padding():
    rows = make(2)
    first = rows.caches[0].begin_block(1)
    rows.caches[1].begin_block(1)
    second = rows.caches[1].begin_block(1)
    view = rows.view([first, second])
    assert view.reads == 2
    assert view.bias[:, 0, 0].tolist() == [[0, 0, -math.inf, -math.inf], [0, 0, 0, 0]]
    assert rows.view([rows.caches[0].begin_block(1), second]).bias is None

"""The cache: slots, order, positions."""

import numpy as np
import pytest
import torch

from scope.models.cache_policy import Window
from scope.models.kv_cache import CacheShape, KvCache


def cache(frames: int, sink: int = 0) -> KvCache:
    return KvCache.empty(CacheShape(1, 1, (1, 2), 1, 4), Window(frames, sink))


def test_slots_fill_in_order_and_positions_follow():
    ring = cache(3)
    plans = [ring.begin_block(1) for _ in range(3)]
    assert [plan.slots for plan in plans] == [(0,), (1,), (2,)]
    assert plans[1].key_positions == (0, 1)


def test_the_oldest_frame_gives_up_its_slot_and_nothing_moves():
    ring = cache(3)
    for _ in range(3):
        ring.begin_block(1)
    plan = ring.begin_block(1)
    assert plan.slots == (0,)
    assert plan.query_positions == (2,)
    assert plan.key_positions == (2, 0, 1)


def test_the_sink_never_leaves():
    ring = cache(4, sink=2)
    for _ in range(20):
        plan = ring.begin_block(1)
    assert plan.key_positions[:2] == (0, 1)
    assert set(plan.slots) <= {2, 3}


def test_positions_stay_small_for_ever():
    ring = cache(5, sink=1)
    assert all(max(ring.begin_block(1).key_positions) <= 4 for _ in range(1000))


def test_a_window_that_is_no_multiple_of_the_block_keeps_the_newest():
    ring = cache(4)
    for _ in range(3):
        plan = ring.begin_block(3)
    assert sorted(plan.key_positions) == [0, 1, 2, 3]
    assert plan.query_positions == (1, 2, 3)


def test_a_block_larger_than_the_window_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        cache(4, sink=2).begin_block(3)


def test_reset_forgets_the_frames():
    ring = cache(2)
    ring.begin_block(2)
    ring.reset()
    assert ring.begin_block(1).key_positions == (0,)


def fill(ring: KvCache, plan, value: float) -> None:
    for tensor in (ring.keys, ring.values):
        for slot in plan.slots:
            tensor[:, :, slot] = value + slot


def test_frames_that_leave_fade_into_the_sink_as_the_sum_says():
    ring = KvCache.empty(CacheShape(2, 1, (1, 2), 1, 4), Window(9, 3, ema=0.999))
    made, blocks = [], 8
    for _ in range(blocks):
        plan = ring.begin_block(3)
        fresh = torch.randn(2, 1, 3, 2, 1, 4)
        ring.keys[:, :, list(plan.slots)] = fresh
        ring.values[:, :, list(plan.slots)] = -fresh
        made.append(fresh)
        # A second pass over the same block must not fade anything again.
        ring.keys[:, :, list(plan.slots)] = fresh
    gone = blocks - 3
    expected = 0.999**gone * made[0]
    for number in range(1, gone + 1):
        expected = expected + 0.001 * 0.999 ** (gone - number) * made[number]
    torch.testing.assert_close(ring.keys[:, :, :3], expected)
    torch.testing.assert_close(ring.values[:, :, :3], -expected)


def test_no_tensor_ever_moves():
    ring = cache(6, sink=3)
    addresses = [x.data_ptr() for x in (ring.keys, ring.values, ring.rotated)]
    for _ in range(20):
        fill(ring, ring.begin_block(3), 1.0)
        ring.mark()
    assert addresses == [x.data_ptr() for x in (ring.keys, ring.values, ring.rotated)]


@pytest.mark.parametrize("ema", [None, 0.5])
def test_a_rollback_restores_every_bit_and_the_order(ema):
    ring = KvCache.empty(CacheShape(1, 1, (1, 2), 1, 4), Window(6, 3, ema=ema))
    for value in range(3):
        fill(ring, ring.begin_block(3), 10.0 * value)
    kept, order = ring.keys.clone(), ring.order
    first = ring.mark()
    fill(ring, ring.begin_block(3), 70.0)
    second = ring.mark()
    between = ring.keys.clone()
    fill(ring, ring.begin_block(3), 80.0)
    ring.reset()
    ring.rollback(second)
    assert torch.equal(ring.keys, between)
    ring.rollback(first)
    assert torch.equal(ring.keys, kept)
    assert ring.order == order


def test_a_dumped_cache_goes_on_exactly():
    ring, other = cache(6, 3), cache(6, 3)
    for value in range(3):
        fill(ring, ring.begin_block(3), 10.0 * value)
    other.load(ring.dump())
    assert torch.equal(other.keys, ring.keys)
    assert torch.equal(other.values, ring.values)
    assert other.begin_block(3) == ring.begin_block(3)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("cache.order", np.array([0, 2], np.int64)),
        ("cache.order", np.arange(9, dtype=np.int64)),
        ("cache.counts", np.array([-1, 0], np.int64)),
        ("cache.counts", np.array([3, 1], np.float64)),
        ("cache.keys", np.zeros((1, 2), np.float32)),
    ],
)
def test_a_dump_that_does_not_fit_is_refused(name, array):
    ring = cache(6, 3)
    fill(ring, ring.begin_block(3), 1.0)
    with pytest.raises(ValueError, match=r"cache|missing"):
        cache(6, 3).load(ring.dump() | {name: array})

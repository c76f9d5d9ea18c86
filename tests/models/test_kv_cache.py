"""The cache: slots, order, positions."""

import pytest

from scope.models.kv_cache import CacheShape, KvCache


def cache(frames: int, sink: int = 0) -> KvCache:
    return KvCache.empty(CacheShape(1, 1, frames, 2, 1, 4, sink))


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

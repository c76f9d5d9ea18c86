"""A plan as tensors: what is written where, and what is read."""

import torch

from scope.models.cache_policy import MemoryBank, Window
from scope.models.kv_cache import CacheShape, KvCache


def make(window: int, sink: int = 0) -> KvCache:
    return KvCache.empty(CacheShape(1, 1, (1, 2), 1, 4), Window(window, sink))


def test_frames_land_in_their_slots_and_are_read_back_in_slot_order():
    cache = make(3)
    for value in range(5):
        view = cache.view(cache.begin_block(1))
        frame = torch.full((1, 2, 1, 4), float(value))
        view.write(0, frame, 10 * frame, 100 * frame)
    keys, values = view.read(0)
    # The new frame's keys as they were handed in, turned; the others as the block turned them.
    assert keys[0, 2:4, 0].unique().tolist() == [400.0]
    assert values[0, ::2, 0, 0].tolist() == [30.0, 40.0, 20.0]
    assert cache.keys[0, 0, :, 0, 0, 0].tolist() == [3.0, 4.0, 2.0]


def test_of_a_replay_only_the_last_frames_are_kept():
    cache = make(3, sink=1)
    for value in range(3):
        view = cache.view(cache.begin_block(1))
        view.write(0, *[torch.full((1, 2, 1, 4), float(value))] * 3)
    view = cache.view(cache.begin_replay(3, keep_sink=True))
    again = torch.arange(10.0, 13.0).repeat_interleave(2).view(1, 6, 1, 1).expand(1, 6, 1, 4)
    view.write(0, again, again, again)
    assert cache.keys[0, 0, :, 0, 0, 0].tolist() == [0.0, 11.0, 12.0]


def test_a_replay_that_keeps_nothing_writes_nothing():
    cache = make(3, sink=2)
    view = cache.view(cache.begin_block(1))
    view.write(0, *[torch.ones(1, 2, 1, 4)] * 3)
    view = cache.view(cache.begin_replay(1, keep_sink=True))
    view.write(0, *[torch.full((1, 2, 1, 4), 9.0)] * 3)
    assert cache.keys.max() == 1


def test_sparse_plans_travel_as_indices():
    cache = KvCache.empty(CacheShape(1, 1, (1, 2), 1, 4), MemoryBank(sparse=3))
    for _ in range(5):
        view = cache.view(cache.begin_block(3))
    assert view.sparse is not None
    assert view.sparse.candidates.tolist() == [0, 1, 2, 12, 13]
    assert view.bias is None

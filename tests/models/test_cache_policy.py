"""Policies as index arithmetic: who leaves, who stays, who is seen, and from where."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.models.cache_plan import Index, SparsePlan
from scope.models.cache_policy import MemoryBank, Window, full, replay_plan, rewound


def plans(policy, blocks, frames=3):
    index, made = Index(), []
    for _ in range(blocks):
        plan, index = policy.begin(index, frames)
        made.append(plan)
    return made, index


@given(
    window=st.integers(1, 12),
    sink=st.integers(0, 4),
    blocks=st.lists(st.integers(1, 4), max_size=20),
)
def test_slots_are_reused_one_for_one_and_positions_have_no_gaps(window, sink, blocks):
    window += sink
    policy, index = Window(window, sink), Index()
    for frames in (min(block, window - sink) for block in blocks):
        before = index.order
        plan, index = policy.begin(index, frames)
        assert len(index.order) == min(window, len(before) + frames)
        assert sorted(index.order) == list(range(len(index.order)))
        assert sorted(plan.key_positions) == list(range(len(index.order)))
        assert index.order[:sink] == tuple(range(min(sink, len(index.order))))
        assert plan.slots == index.order[-frames:]
        assert plan.query_positions == tuple(plan.key_positions[slot] for slot in plan.slots)


def test_a_full_cache_that_keeps_everything_refuses_more():
    _, index = plans(full(6), 2)
    with pytest.raises(ValueError, match="full"):
        full(6).begin(index, 3)


def test_frames_that_leave_fade_into_the_sink_slot_by_slot():
    made, _ = plans(Window(9, 3, ema=0.999), 5)
    assert [plan.merges for plan in made[:3]] == [(), (), ()]
    assert made[3].merges == ((3, 0), (4, 1), (5, 2))
    assert made[4].merges == ((6, 0), (7, 1), (8, 2))
    assert made[3].fade == 0.999


def test_frames_leaving_one_by_one_take_turns_at_the_sink():
    made, _ = plans(Window(4, 2, ema=0.9), 8, frames=1)
    assert [plan.merges for plan in made[4:]] == [((2, 0),), ((3, 1),), ((2, 0),), ((3, 1),)]


def test_past_frames_but_the_first_weigh_less_when_asked():
    (first, second), _ = plans(Window(6, kv_bias=0.3), 2)
    assert first.bias == ()
    less = math.log(0.3)
    assert second.bias == (0.0, less, less, 0.0, 0.0, 0.0)


def test_static_windows_hide_what_is_not_there_yet():
    (first, _, third), _ = plans(Window(9, 3, static=True), 3)
    assert first.bias == (0.0,) * 3 + (-math.inf,) * 6
    assert len(first.key_positions) == 9
    assert third.bias == ()


def seen_of_bank(plan):
    hidden = {slot for slot, bias in enumerate(plan.bias) if bias == -math.inf}
    return [slot for slot in range(12, len(plan.key_positions)) if slot not in hidden]


def test_the_bank_is_seen_as_published():
    made, _ = plans(MemoryBank(), 12)
    assert [len(seen_of_bank(plan)) for plan in made] == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]
    assert [plan.bank.record for plan in made[:4]] == [True, False, False, True]
    assert [plan.bank.end for plan in made] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert [plan.bank.merge for plan in made[:5]] == [False, True, True, True, True]


def test_the_bank_stands_between_sink_and_window():
    made, index = plans(MemoryBank(), 8)
    plan = made[-1]
    by_position = sorted(range(len(plan.key_positions)), key=lambda slot: plan.key_positions[slot])
    assert by_position == [0, 1, 2, 12, 13, 14, *index.order[3:]]
    assert plan.bias == ()


def test_a_bank_may_merge_a_frame_only_once():
    made, _ = plans(MemoryBank(merge_once=True), 8)
    assert [plan.bank.merge for plan in made] == [False, True, False, False] * 1 + [
        True,
        False,
        False,
        True,
    ]


def test_sparse_memory_begins_when_there_is_something_to_choose_from():
    made, index = plans(MemoryBank(sparse=3), 5)
    assert [plan.sparse for plan in made[:1]] == [None]
    assert made[4].sparse == SparsePlan((0, 1, 2, 12, 13), index.order[3:], 3)


def test_a_replay_protects_the_sink_and_keeps_the_newest():
    _, index = plans(Window(12, 3), 7)
    plan = replay_plan(Window(12, 3), index, 12, keep_sink=True)
    assert plan.slots == index.order[3:]
    assert plan.query_positions == tuple(range(12))
    whole = replay_plan(Window(12, 3), index, 12, keep_sink=False)
    assert whole.slots == index.order


def test_a_short_stream_is_replayed_as_far_as_it_goes():
    _, index = plans(Window(12, 3), 2)
    plan = replay_plan(Window(12, 3), index, 6, keep_sink=True)
    assert plan.slots == (3, 4, 5)
    assert plan.key_positions == (0, 1, 2, 3, 4, 5)


def test_rewinding_forgets_all_but_the_first_frames():
    _, index = plans(Window(6, 3), 4)
    assert rewound(index, 3) == Index((0, 1, 2), begun=9, blocks=4)

"""A stream's state: slots, undo, and bytes."""

import numpy as np
import pytest

from scope.pipelines.conditioning import Conditioner, TextCache
from scope.pipelines.vista.anchor import Anchor
from scope.pipelines.vista.state import VistaState


def state(slots: int = 3) -> VistaState:
    encode = TextCache(lambda text: np.zeros((33, 384), np.float32))
    shape = (2, slots, 4, 8)
    memory = np.zeros((1, 2), np.float32)
    zeros = np.zeros(shape, np.float32)
    told = np.zeros((slots, 33, 384), np.float32)
    return VistaState(
        seed=5,
        conditioner=Conditioner(encode),
        memory=memory,
        keys=zeros,
        values=zeros.copy(),
        told=told,
        anchor=Anchor.of(told[0, -1], channels=2, rows=3),
        shown=np.zeros((2, 4, 3), np.uint8),
    )


def commit(target: VistaState, number: float, sink: int = 0) -> None:
    frame = np.full((2, 4, 8), number, np.float32)
    target.commit(frame, -frame, sink=sink)
    target.memory = np.full((1, 2), number, np.float32)
    words = np.full(384, number, np.float32)
    looks = np.full((2, 2, 3), number, np.float32)
    target.anchor = Anchor(words, looks, target.anchor.frames + 1)
    target.shown = np.full((2, 4, 3), number, np.uint8)
    target.follow(np.full((33, 384), number, np.float32))


def contents(target: VistaState) -> list[float]:
    return [float(target.keys[0, slot, 0, 0]) for slot in target.order]


def test_the_words_of_as_many_frames_are_known_as_there_are_slots():
    stream = state()
    known = [[]]
    for number in range(5):
        known.append([*known[-1][-2:], number])
        commit(stream, number)
        assert stream.known[:, 0, 0].tolist() == known[-1]
    assert len(state().known) == 0


def test_the_window_holds_the_newest_in_order():
    stream = state()
    for number in range(5):
        commit(stream, number)
    assert contents(stream) == [2, 3, 4]


def test_a_sink_stays():
    stream = state()
    for number in range(6):
        commit(stream, number, sink=1)
    assert contents(stream) == [0, 4, 5]


def test_rolling_back_restores_slots_and_all_that_is_small():
    stream = state()
    for number in range(4):
        commit(stream, number)
    mark = stream.mark()
    for number in range(10, 18):
        commit(stream, number)
    stream.rollback(mark)
    assert contents(stream) == [1, 2, 3]
    assert stream.chunk == 4
    assert stream.memory[0, 0] == 3
    assert (stream.anchor.frames, stream.anchor.looks[0, 0, 0], stream.anchor.words[0]) == (4, 3, 3)
    assert stream.shown[0, 0, 0] == 3
    assert stream.told[:, 0, 0].tolist() == [1, 2, 3]


def test_a_mark_ends_after_two_later_ones():
    stream = state()
    old = stream.mark()
    stream.mark()
    stream.rollback(old)
    stream.mark()
    stream.mark()
    with pytest.raises(ValueError, match="too old"):
        stream.rollback(old)


def test_a_dump_is_restored_bit_for_bit():
    stream = state()
    for number in range(4):
        commit(stream, number)
    again = state()
    again.restore(stream.dump())
    assert again.dump() == stream.dump()
    assert again.order == stream.order
    assert np.array_equal(again.shown, stream.shown)


@pytest.mark.parametrize(
    "change",
    [
        {"order": (0, 0)},
        {"order": (0, 7)},
        {"chunk": -1},
        {"anchor": Anchor(np.zeros(384, np.float32), np.zeros((2, 2, 3), np.float32), -1)},
        {"anchor": Anchor(np.zeros(384, np.float32), np.zeros((2, 2, 4), np.float32))},
        {"anchor": Anchor(np.zeros(383, np.float32), np.zeros((2, 2, 3), np.float32))},
        {"told": np.zeros((3, 33, 384), np.float64)},
        {"told": np.zeros((3, 384), np.float32)},
        {"shown": np.zeros((2, 4, 3), np.float32)},
        {"memory": np.zeros((9, 9), np.float32)},
        {"keys": np.zeros((2, 3, 4, 8), np.float64)},
    ],
)
def test_a_state_that_cannot_be_is_refused(change):
    stream = state()
    for name, value in change.items():
        setattr(stream, name, value)
    dumped = stream.dump()
    with pytest.raises(ValueError, match="dumped state"):
        state().restore(dumped)

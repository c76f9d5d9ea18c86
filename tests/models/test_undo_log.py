"""Going back: every slot bit for bit, two marks deep, each slot copied once."""

import pytest
import torch

from scope.models.undo_log import UndoLog


@pytest.fixture
def tensor() -> torch.Tensor:
    return torch.arange(2 * 1 * 4 * 3.0).view(2, 1, 4, 3)


def write(log, tensor, slots, value):
    log.protect(slots)
    for slot in slots:
        tensor[:, :, slot] = value


def test_a_rollback_restores_what_was_written_since(tensor):
    log, before = UndoLog((tensor,)), tensor.clone()
    mark = log.mark()
    write(log, tensor, (1, 2), 9.0)
    write(log, tensor, (2, 3), 8.0)
    log.rollback(mark)
    assert torch.equal(tensor, before)
    write(log, tensor, (0,), 7.0)
    log.rollback(mark)
    assert torch.equal(tensor, before)


def test_the_mark_before_the_last_is_good_too(tensor):
    log, before = UndoLog((tensor,)), tensor.clone()
    first = log.mark()
    write(log, tensor, (1,), 9.0)
    between = tensor.clone()
    second = log.mark()
    write(log, tensor, (1, 3), 8.0)
    log.rollback(second)
    assert torch.equal(tensor, between)
    log.rollback(first)
    assert torch.equal(tensor, before)


def test_two_later_marks_make_a_mark_too_old(tensor):
    log = UndoLog((tensor,))
    first = log.mark()
    log.mark()
    log.mark()
    with pytest.raises(ValueError, match="too old"):
        log.rollback(first)


def test_a_point_that_ended_well_leaves_the_mark_before_it_whole(tensor):
    log, before = UndoLog((tensor,)), tensor.clone()
    mark = log.mark()
    write(log, tensor, (0,), 9.0)
    point = log.point()
    write(log, tensor, (0, 1), 8.0)
    log.forget(point)
    log.rollback(mark)
    assert torch.equal(tensor, before)


def test_a_slot_is_copied_once_between_marks_and_not_at_all_without(tensor):
    log = UndoLog((tensor,))
    write(log, tensor, (0,), 9.0)
    assert log.saved_bytes == 0
    log.mark()
    for _ in range(5):
        write(log, tensor, (0, 1), 9.0)
    assert log.saved_bytes == 2 * tensor[:, :, 0].nbytes


def test_only_the_newest_point_ends(tensor):
    log = UndoLog((tensor,))
    point = log.point()
    log.point()
    with pytest.raises(ValueError, match="newest"):
        log.forget(point)

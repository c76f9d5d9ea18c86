from scope.control import ControlUpdate
from scope.engine.boundaries import KEPT, Boundaries, Boundary, Rewind
from scope.engine.control import Control
from scope.engine.control_mailbox import Merged
from scope.pipelines.contract import Params


def boundary(first_index: int, update: ControlUpdate | None = None) -> Boundary:
    taken = None if update is None else Merged(update, (update.revision,))
    return Boundary(None, first_index, Control(Params()), taken, first_index, first_index // 4)


def test_only_as_many_are_kept_as_marks_are_valid() -> None:
    boundaries = Boundaries()
    for index in (0, 4, 8):
        boundaries.remember(boundary(index))
    assert boundaries.last.first_index == 8
    assert [each.first_index for each in boundaries.forget_from(0)] == [8, 4]
    assert KEPT == 2


def test_a_chunk_that_was_begun_to_be_shown_is_not_forgotten() -> None:
    boundaries = Boundaries()
    boundaries.remember(boundary(4))
    boundaries.remember(boundary(8))
    assert [each.first_index for each in boundaries.forget_from(6)] == [8]
    assert boundaries.last.first_index == 4
    boundaries.clear()
    assert boundaries.forget_from(0) == []


def test_a_boundary_knows_whether_it_was_a_cut() -> None:
    assert not boundary(0).cuts(Control(Params()))
    assert boundary(0, ControlUpdate(revision=1, reset=True)).cuts(Control(Params()))


def test_a_wish_to_return_is_made_of_all_that_asked() -> None:
    rewind = Rewind()
    assert not rewind
    assert rewind.grant() is None
    assert rewind.next_index(12) == 12
    rewind.ask(8)
    rewind.ask(4)
    assert rewind
    assert rewind.next_index(12) == 4
    assert rewind.covers(4)
    assert not rewind.covers(3)
    assert rewind.grant() == (4, 2)
    assert not rewind

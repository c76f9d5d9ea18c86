import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scope.control import ControlUpdate
from scope.engine.control_mailbox import ControlMailbox
from scope.errors import InvalidParameters
from scope.pipelines.contract import Params


class Gain(Params):
    gain: int = 0
    bias: int = 0


def change(revision: int, **changes: object) -> ControlUpdate:
    return ControlUpdate(revision=revision, changes=changes)


def test_what_waits_is_one_update_with_all_its_revisions() -> None:
    mailbox = ControlMailbox(Gain, {})
    for revision in range(1, 4):
        mailbox.put(change(revision, gain=revision))
    mailbox.put(change(4, bias=7))
    merged = mailbox.take()
    assert merged
    assert merged.revisions == (1, 2, 3, 4)
    assert merged.update.changes == {"gain": 3, "bias": 7}
    assert mailbox.take() is None


def test_a_bad_update_is_refused_alone() -> None:
    mailbox = ControlMailbox(Gain, {})
    mailbox.put(change(1, gain=1))
    with pytest.raises(InvalidParameters):
        mailbox.put(change(2, gain="x"))
    mailbox.put(change(3, bias=3))
    merged = mailbox.take()
    assert merged
    assert merged.revisions == (1, 3)
    assert merged.update.changes == {"gain": 1, "bias": 3}


def test_what_is_put_back_goes_before_what_came_since() -> None:
    mailbox = ControlMailbox(Gain, {})
    mailbox.put(change(1, gain=1, bias=1))
    taken = mailbox.take()
    assert taken
    mailbox.put(change(2, gain=2))
    mailbox.put_back(taken)
    merged = mailbox.take()
    assert merged
    assert merged.revisions == (1, 2)
    assert merged.update.changes == {"gain": 2, "bias": 1}


def test_a_pause_that_waits_counts_already() -> None:
    mailbox = ControlMailbox(Gain, {})
    assert mailbox.paused(True)
    assert not mailbox.paused(False)
    mailbox.put(ControlUpdate(revision=1, paused=True))
    assert mailbox.paused(False)


@given(st.lists(st.dictionaries(st.sampled_from(["gain", "bias"]), st.integers(0, 9)), min_size=1))
def test_the_newest_value_of_each_key_wins(updates: list[dict[str, int]]) -> None:
    mailbox = ControlMailbox(Gain, {})
    expected: dict[str, int] = {}
    for revision, changes in enumerate(updates):
        mailbox.put(change(revision, **changes))
        expected |= changes
    merged = mailbox.take()
    assert merged
    assert merged.update.changes == expected
    assert merged.revisions == tuple(range(len(updates)))


def test_no_update_is_lost_between_two_threads() -> None:
    mailbox = ControlMailbox(Gain, {})
    seen: list[int] = []

    def fill() -> None:
        for revision in range(2000):
            mailbox.put(change(revision, gain=revision))

    filler = threading.Thread(target=fill)
    filler.start()
    while filler.is_alive():
        if (merged := mailbox.take()) is not None:
            seen += merged.revisions
    filler.join()
    if (merged := mailbox.take()) is not None:
        seen += merged.revisions
    assert seen == list(range(2000))

import pytest

from scope.control import ControlUpdate, PromptItem, PromptMix, TimedUpdate, Transition
from scope.engine.control_mailbox import Merged
from scope.engine.script import Script, check_script
from scope.errors import InvalidParameters
from scope.pipelines.contract import Params


class Gain(Params):
    gain: int = 0


def entry(chunk: int = 0, frame: int = 0, **changes: object) -> TimedUpdate:
    return TimedUpdate(ControlUpdate(revision=0, changes=changes), chunk, frame)


def sent(revision: int, **changes: object) -> Merged:
    return Merged(ControlUpdate(revision=revision, changes=changes), (revision,))


def at(script: Script, chunk: int, what: Merged | None = None) -> Merged | None:
    return script.join(what, chunk=chunk, first_index=4 * chunk, revision=3)


def test_an_entry_is_due_with_its_chunk_and_once() -> None:
    script = Script([entry(0, gain=1), entry(2, gain=2)])
    first = at(script, 0)
    assert first
    assert (dict(first.update.changes), first.update.revision, first.revisions) == (
        {"gain": 1},
        3,
        (),
    )
    assert at(script, 1) is None
    third = at(script, 2)
    assert third
    assert third.update.changes == {"gain": 2}
    assert at(script, 3) is None


def test_an_entry_for_a_frame_is_due_at_the_next_boundary() -> None:
    script = Script([entry(frame=5, gain=1)])
    assert [at(script, chunk) is not None for chunk in range(4)] == [False, False, True, False]


def test_entries_of_one_chunk_are_one_update() -> None:
    a, b = PromptMix((PromptItem("a"),)), PromptMix((PromptItem("b"),))
    script = Script(
        [
            TimedUpdate(ControlUpdate(revision=0, prompts=a), 1),
            TimedUpdate(ControlUpdate(revision=0, transition=Transition(b)), 1),
        ]
    )
    joined = at(script, 1)
    assert joined
    assert (joined.update.prompts, joined.update.transition) == (a, Transition(b))


def test_what_was_sent_keeps_its_revisions_under_the_script() -> None:
    script = Script([entry(1, gain=1)])
    joined = at(script, 1, sent(7, gain=2, bias=1))
    assert joined
    assert (joined.update.revision, joined.revisions) == (7, (7,))
    assert joined.update.changes == {"gain": 1, "bias": 1}


def test_without_anything_due_what_was_sent_passes_as_it_is() -> None:
    what = sent(1)
    assert at(Script(), 0, what) is what


def test_going_back_makes_entries_due_again_at_their_own_chunk() -> None:
    script = Script([entry(1, gain=1), entry(2, gain=2)])
    live = sent(9, bias=1)
    taken = [at(script, 1), at(script, 2, live)]
    assert taken[1]
    assert taken[0]
    assert script.put_back(taken[1]) is live
    assert script.put_back(taken[0]) is None
    assert script.put_back(live) is live
    again = at(script, 1)
    assert again
    assert again.update.changes == {"gain": 1}


def test_a_script_is_checked_entry_upon_entry() -> None:
    check_script(Gain, {"gain": 1}, [entry(gain=2), entry()])
    with pytest.raises(InvalidParameters, match="gain"):
        check_script(Gain, {}, [entry(gain=2), entry(gain="loud")])

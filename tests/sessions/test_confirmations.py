"""Every update is confirmed once, by the first frame that shows it."""

from scope.control import PromptItem, PromptMix
from scope.protocol.parameters import ParameterUpdate
from scope.sessions.confirmations import Confirmations, PendingUpdate, worth_telling
from scope.sessions.shown import Shown


def pending(revision: int, **more: object) -> PendingUpdate:
    values = {"update": ParameterUpdate(), "before": Shown(), **more}
    return PendingUpdate(revision=revision, arrived_s=float(revision), **values)


def test_a_frame_settles_everything_up_to_its_revision() -> None:
    waiting = Confirmations()
    for revision in (1, 2, 3):
        waiting.expect(pending(revision))
    assert [u.revision for u in waiting.settle(2)] == [1, 2]
    assert [u.revision for u in waiting.settle(2)] == []
    assert [u.revision for u in waiting.settle(9)] == [3]


def test_of_merged_updates_the_newest_of_each_sender_and_the_numbered_are_told() -> None:
    settled = [
        pending(1, peer_id="a"),
        pending(2, peer_id="a", message_id="x"),
        pending(3, peer_id="b"),
        pending(4, peer_id="a"),
        pending(5, peer_id=None),
    ]
    assert [u.revision for u in worth_telling(settled)] == [2, 3, 4, 5]


def test_a_refused_update_is_undone_alone() -> None:
    def says(text: str) -> ParameterUpdate:
        return ParameterUpdate(prompts=(PromptItem(text),))

    waiting, shown = Confirmations(), Shown()
    updates = [says("kept"), ParameterUpdate(changes={"steps": "bad"}), ParameterUpdate(seed=4)]
    for revision, update in enumerate(updates, start=1):
        waiting.expect(pending(revision, update=update, before=shown, message_id=str(revision)))
        shown = shown.after(update)
    refused, shown = waiting.refuse(2, shown)
    assert refused is not None
    assert refused.message_id == "2"
    assert shown == Shown(PromptMix((PromptItem("kept"),)), {"seed": 4})
    assert [u.revision for u in waiting.settle(9)] == [1, 3]


def test_refusing_what_is_not_pending_changes_nothing() -> None:
    shown = Shown(values={"seed": 1})
    assert Confirmations().refuse(5, shown) == (None, shown)


def test_only_prompts_and_transitions_change_words() -> None:
    assert not pending(1).changes_words
    assert pending(1, update=ParameterUpdate(prompts=(PromptItem("x"),))).changes_words


def test_the_list_is_bounded() -> None:
    waiting = Confirmations()
    for revision in range(5000):
        waiting.expect(pending(revision))
    assert len(waiting.settle(10_000)) == 1024

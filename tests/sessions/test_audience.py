"""Who hears what."""

from typing import Any

from scope.protocol.notices import Paused
from scope.sessions.audience import Audience
from scope.sessions.ending import ENDED_BY_ADMIN, WISHED
from scope.sessions.permit import Permit
from scope.sessions.viewer import Viewer


def viewer(make_peer: Any, name: str) -> Viewer:
    return Viewer(make_peer(name), controls=True, fate=lambda _: None)


def test_all_hear_or_one_or_all_but_one(make_peer: Any) -> None:
    audience = Audience()
    a, b, c = (viewer(make_peer, name) for name in "abc")
    for each in (a, b, c):
        audience.add(each)
    audience.tell(Paused())
    audience.tell(Paused(), only=a)
    audience.tell(Paused(), but=b)
    assert [len(each.peer.said) for each in (a, b, c)] == [3, 1, 2]


def test_viewers_are_found_by_their_peer_and_may_leave_while_all_are_told(make_peer: Any) -> None:
    audience = Audience()
    for name in "ab":
        audience.add(viewer(make_peer, name))
    for each in audience:
        audience.remove(each.peer.id)
    assert len(audience) == 0
    assert audience.get("a") is None
    assert audience.get(None) is None
    assert audience.remove("a") is None


def test_the_newest_of_those_who_control_is_the_controller(make_peer: Any) -> None:
    audience = Audience()
    assert audience.controller is None
    old, new = viewer(make_peer, "old"), viewer(make_peer, "new")
    guest = Viewer(make_peer("guest"), controls=False, fate=lambda _: None)
    for each in (old, new, guest):
        audience.add(each)
    assert audience.controller is new
    assert audience.controllers(but=new) == (old,)


def test_control_is_with_one_at_a_time(make_peer: Any) -> None:
    audience = Audience()
    viewers = [viewer(make_peer, name) for name in "abc"]
    for each in viewers:
        audience.add(each)
    audience.hand_over(viewers[1])
    assert [each.controls for each in viewers] == [False, True, False]
    assert audience.controller is viewers[1]


def test_those_of_one_caller_and_those_who_may_not_stay_are_found(make_peer: Any) -> None:
    audience = Audience()
    a, b = (
        Viewer(make_peer(name), controls=False, fate=lambda _: None, permit=permit)
        for name, permit in (("a", Permit(owner="A")), ("b", Permit("B", good=lambda: False)))
    )
    audience.add(a)
    audience.add(b)
    assert audience.of("A") == (a,)
    assert audience.unwelcome() == (b,)


def test_a_session_is_whose_control_it_was_last_also_when_nobody_is_left(make_peer: Any) -> None:
    audience = Audience()
    assert audience.ending_by("anybody", may_end_any=False) is WISHED
    stage = Viewer(make_peer("a"), controls=True, fate=lambda _: None, permit=Permit(owner="stage"))
    guest = Viewer(
        make_peer("b"), controls=False, fate=lambda _: None, permit=Permit(owner="guest")
    )
    for each in (stage, guest):
        audience.add(each)
    audience.remove("a")
    assert audience.ending_by("stage", may_end_any=False) is WISHED
    assert audience.ending_by("guest", may_end_any=False) is None
    assert audience.ending_by("guest", may_end_any=True) is ENDED_BY_ADMIN
    audience.hand_over(guest)
    assert audience.ending_by("guest", may_end_any=False) is WISHED
    assert audience.ending_by("stage", may_end_any=False) is None

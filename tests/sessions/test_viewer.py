"""A viewer hears of the end once and of nothing after it."""

from typing import Any

import pytest

from scope.protocol.notices import ErrorNotice, Paused
from scope.sessions.ending import WISHED, Ending
from scope.sessions.viewer import MOST_LATE, Viewer

pytestmark = pytest.mark.anyio


async def test_the_end_is_said_once_and_last(make_peer: Any) -> None:
    peer = make_peer()
    viewer = Viewer(peer, controls=True, fate=lambda _: None)
    viewer.tell(Paused())
    await viewer.end(Ending("first", "code"))
    await viewer.end(WISHED)
    viewer.tell(Paused())
    assert peer.kinds() == ["paused"]
    assert peer.closed_with == [
        '{"type":"stream_stopped","error_message":"first","code":"code"}',
        None,
    ]


async def test_the_fate_of_the_offer_is_told(make_peer: Any) -> None:
    fates: list[bool] = []
    viewer = Viewer(make_peer(), controls=True, fate=fates.append)
    viewer.is_connected()
    viewer.is_gone()
    assert fates == [True, False]
    assert viewer.connected


async def test_nothing_is_said_to_a_peer_that_is_gone(make_peer: Any) -> None:
    peer = make_peer()
    viewer = Viewer(peer, controls=True, fate=lambda _: None)
    viewer.is_gone()
    viewer.tell(Paused())
    await viewer.end(WISHED)
    assert peer.said == []
    assert peer.closed_with == [None]


async def test_the_owners_wish_ends_other_viewers_with_words(make_peer: Any) -> None:
    owner, guest = make_peer("owner"), make_peer("guest")
    await Viewer(owner, controls=True, fate=lambda _: None).end(WISHED)
    await Viewer(guest, controls=False, fate=lambda _: None).end(WISHED)
    assert owner.closed_with == ['{"type":"stream_stopped"}']
    assert "session_closed" in guest.closed_with[0]


async def test_complaints_wait_for_a_channel_and_nothing_else_does(make_peer: Any) -> None:
    peer = make_peer()
    hears = False
    notify = peer.notify
    peer.notify = lambda text, **how: hears and notify(text, **how)
    viewer = Viewer(peer, controls=True, fate=lambda _: None)
    viewer.tell(Paused())
    for number in range(MOST_LATE + 5):
        viewer.tell(ErrorNotice(code="x", detail=str(number)))
    hears = True
    viewer.can_hear()
    viewer.can_hear()
    assert [notice["detail"] for notice in peer.said] == [str(n) for n in range(MOST_LATE)]

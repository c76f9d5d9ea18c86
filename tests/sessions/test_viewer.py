"""A viewer hears of the end once and of nothing after it."""

from typing import Any

import pytest

from scope.protocol.notices import Paused
from scope.sessions.ending import WISHED, Ending
from scope.sessions.viewer import Viewer

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

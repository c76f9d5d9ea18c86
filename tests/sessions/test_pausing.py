"""Who is believed about a pause, and who hears of it."""

from typing import Any

import pytest

from scope.events import PauseChanged
from scope.sessions.audience import Audience
from scope.sessions.pausing import Pausing
from scope.sessions.viewer import Viewer

pytestmark = pytest.mark.anyio


class Held:
    """A player that notes whether it is held."""

    def __init__(self) -> None:
        self.held: list[bool] = []

    def hold(self, held: bool) -> None:
        self.held.append(held)


class Desk:
    def __init__(self, make_peer: Any) -> None:
        self.player: Any = Held()
        self.peer = make_peer()
        audience = Audience()
        audience.add(Viewer(self.peer, controls=True, fate=lambda _: None))
        self.pausing = Pausing(player=self.player, audience=audience)

    def told(self) -> list[bool]:
        return [notice["paused"] for notice in self.peer.said]


@pytest.fixture
def desk(make_peer: Any) -> Desk:
    return Desk(make_peer)


async def test_a_pause_is_told_once_and_before_the_worker_says_so(desk: Desk) -> None:
    desk.pausing.wished(True, revision=1, sure=True)
    assert desk.told() == [True]
    desk.pausing.heard(PauseChanged("s", 1, True))
    assert desk.told() == [True]
    assert desk.player.held == [True]


async def test_late_news_of_the_worker_change_nothing_back(desk: Desk) -> None:
    desk.pausing.wished(True, revision=1, sure=True)
    desk.pausing.wished(False, revision=2, sure=True)
    for revision, paused in ((1, True), (2, False)):
        desk.pausing.heard(PauseChanged("s", revision, paused))
    assert desk.told() == [True, False]
    assert not desk.pausing.now


async def test_a_pause_the_pipeline_may_refuse_is_told_when_it_does_not(desk: Desk) -> None:
    desk.pausing.wished(True, revision=1, sure=False)
    assert desk.told() == []
    assert desk.player.held == [True]
    desk.pausing.heard(PauseChanged("s", 1, True))
    assert desk.told() == [True]


async def test_a_refused_pause_lets_the_pictures_go_on(desk: Desk) -> None:
    desk.pausing.wished(True, revision=1, sure=False)
    desk.pausing.refused(False)
    assert desk.player.held == [True, False]
    assert not desk.pausing.now
    assert desk.told() == []


async def test_a_session_may_begin_paused(desk: Desk) -> None:
    desk.pausing.begin(True)
    assert desk.pausing.now
    assert desk.player.held == [True]
    desk.pausing.heard(PauseChanged("s", 3, False))
    assert desk.told() == [False]

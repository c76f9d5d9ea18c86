"""Once a second: figures, and a goodbye to who is no longer welcome."""

import asyncio
import json
from typing import Any

import pytest

from scope.clock import ManualClock
from scope.sessions import rounds
from scope.sessions.audience import Audience
from scope.sessions.permit import Permit
from scope.sessions.stream_figures import StreamTally
from scope.sessions.tasks import OwnedTasks
from scope.sessions.viewer import Viewer

pytestmark = pytest.mark.anyio


class FakeSession:
    def __init__(self, handle: Any) -> None:
        self.id = "s"
        self.handle = handle
        self.tally = StreamTally()
        self.audience = Audience()

    def add(self, peer: Any, permit: Permit) -> Any:
        viewer = Viewer(peer, controls=False, fate=lambda _: None, permit=permit)
        viewer.connected = True
        self.audience.add(viewer)
        return peer


async def test_who_is_no_longer_welcome_hears_why_and_is_closed(
    handle: Any, make_peer: Any
) -> None:
    session: Any = FakeSession(handle)
    welcome = session.add(make_peer("a"), Permit())
    revoked = session.add(make_peer("b"), Permit(good=lambda: False))
    leaving = OwnedTasks()
    rounds.look_after(session, now_s=1.0, leaving=leaving)
    await leaving.join()
    assert welcome.closed_with == []
    assert welcome.said[0]["type"] == "stats"
    assert json.loads(revoked.closed_with[0])["code"] == "unauthorized"


async def test_it_goes_round_until_it_is_cancelled(
    handle: Any, make_peer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "EVERY_S", 0.001)
    session: Any = FakeSession(handle)
    peer = session.add(make_peer("a"), Permit())
    told = asyncio.Event()

    def sessions() -> list[Any]:
        if len(peer.said) >= 3:
            told.set()
        return [session]

    going = asyncio.create_task(rounds.go_round(sessions, clock=ManualClock()))
    await asyncio.wait_for(told.wait(), 10)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going


async def test_what_goes_wrong_with_one_session_keeps_nobody_in_who_is_no_longer_welcome(
    handle: Any, make_peer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "EVERY_S", 0.001)
    broken: Any = FakeSession(handle)
    sound: Any = FakeSession(handle)
    peer = broken.add(make_peer("a"), Permit())
    monkeypatch.setattr(peer, "stats", lambda: 1 / 0)
    revoked = [
        session.add(make_peer("b"), Permit(good=lambda: False)) for session in (broken, sound)
    ]
    shown_out = asyncio.Event()

    def sessions() -> list[Any]:
        if all(each.closed_with for each in revoked):
            shown_out.set()
        return [broken, sound]

    going = asyncio.create_task(rounds.go_round(sessions, clock=ManualClock()))
    await asyncio.wait_for(shown_out.wait(), 10)
    assert not going.done()
    going.cancel()

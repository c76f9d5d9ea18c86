"""A session begins, is watched, and ends exactly once."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from scope.clock import MonotonicClock
from scope.control import ControlUpdate, PromptItem, PromptMix
from scope.errors import AtCapacity, NegotiationFailed, SessionNotFound, TooLarge
from scope.events import (
    ChunksUndone,
    ErrorInfo,
    PauseChanged,
    StopReason,
    StreamWarning,
    UpdateRejected,
    UpdateTaken,
)
from scope.media.encoder import EncoderPool
from scope.protocol.parameters import decode_object
from scope.rtc.api import PeerClosed
from scope.sessions import telling
from scope.sessions.ending import WISHED, Ending
from scope.sessions.permit import Permit
from scope.sessions.session import Session
from scope.sessions.shown import Shown
from scope.sessions.timeline import EventLog
from scope.sessions.viewer import Join

pytestmark = pytest.mark.anyio


class Running:
    """A session whose `run` is under way."""

    def __init__(self, handle: Any, make_peer: Any) -> None:
        self.handle = handle
        self.make_peer = make_peer
        self.pool = EncoderPool(1)
        self.fates: list[bool] = []
        self.session = Session(
            session_id="s",
            handle=handle,
            known=frozenset(),
            shown=Shown(),
            pool=self.pool,
            clock=MonotonicClock(),
            max_peers=3,
            log=EventLog(handle, initial=ControlUpdate(revision=0), default=PromptMix()),
        )
        self.task = asyncio.create_task(self.session.run())

    async def join(
        self,
        name: str = "a",
        *,
        sdp: str = "offer",
        controls: bool = True,
        permit: Permit | None = None,
    ) -> Any:
        def make(events: Any) -> Any:
            return self.make_peer(name, events=events)

        wish = Join(
            sdp=sdp,
            peer=make,
            controls=controls,
            fate=self.fates.append,
            permit=permit or Permit(),
        )
        peer, answer = await self.session.join(wish)
        assert answer == f"answer to {sdp}"
        return peer

    async def over(self) -> None:
        async with asyncio.timeout(5):
            await asyncio.wait({self.task})


@pytest.fixture
async def running(handle: Any, make_peer: Any) -> AsyncIterator[Running]:
    made = Running(handle, make_peer)
    yield made
    made.session.end(WISHED)
    await made.over()
    made.pool.close()


def farewell(peer: Any) -> dict[str, Any]:
    return dict(json.loads(peer.closed_with[0]))


async def test_the_first_thing_said_is_hello(running: Running) -> None:
    peer = await running.join()
    running.session.channel_opened(peer)
    hello = peer.said[0]
    assert (hello["type"], hello["sessionId"], hello["seed"]) == ("hello", "s", 7)
    assert (hello["width"], hello["fps"], hello["pipeline_id"]) == (64, 100.0, "fake")


async def test_a_session_is_over_even_where_a_peer_can_not_be_closed(running: Running) -> None:
    broken, whole = await running.join("a"), await running.join("b")

    async def close(farewell: str | None = None) -> None:
        raise AttributeError("no such transport")

    broken.close = close
    running.session.end(WISHED)
    async with asyncio.timeout(5):
        await running.session.over.wait()
    assert len(whole.closed_with) == 1
    with pytest.raises(AttributeError):
        await running.task


async def test_a_connected_peer_gets_pictures_and_its_offer_is_not_counted(
    running: Running,
) -> None:
    peer = await running.join()
    running.session.connected(peer)
    running.handle.make(2)
    await peer.has(2)
    assert running.fates == [True]


async def test_messages_of_who_controls_reach_the_engine(running: Running) -> None:
    peer = await running.join()
    running.session.message(peer, '{"prompts": ["x"], "paused": true}')
    (update,) = running.handle.sent
    assert update.paused is True
    running.session.connected(peer)
    assert not running.session.player.is_running


async def test_who_only_watches_changes_nothing(running: Running) -> None:
    peer = await running.join(controls=False)
    running.session.message(peer, '{"prompts": ["x"]}')
    assert running.handle.sent == []
    assert peer.said[0]["code"] == "forbidden"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"seed": -1}', b"\xff", "NaN"])
async def test_a_bad_message_earns_one_error_and_changes_nothing(
    running: Running, text: str | bytes
) -> None:
    peer = await running.join()
    running.session.message(peer, text)
    assert running.handle.sent == []
    assert [notice["severity"] for notice in peer.said] == ["error"]


async def test_what_the_peer_threw_away_is_told(running: Running) -> None:
    peer = await running.join()
    running.session.refused(peer, TooLarge("over 64 KiB"))
    assert peer.said[0]["code"] == "too_large"


async def test_the_engines_news_are_passed_on(running: Running) -> None:
    peer = await running.join()
    running.handle.events.put_nowait(PauseChanged("s", 1, True))
    running.handle.events.put_nowait(StreamWarning("s", ErrorInfo("x", "once")))
    while len(peer.said) < 2:  # noqa: ASYNC110 - nobody announces it
        await asyncio.sleep(0)
    assert peer.kinds() == ["paused", "pipeline_error"]
    assert running.session.pausing.now


@pytest.mark.parametrize("reason", list(StopReason))
async def test_the_end_of_the_stream_is_told_to_everybody_exactly_once(
    running: Running, reason: StopReason
) -> None:
    peers = [await running.join(name) for name in "ab"]
    running.handle.stop(reason)
    await running.over()
    for peer in peers:
        assert len(peer.closed_with) == 1
        assert farewell(peer)["code"] == reason.value
        assert farewell(peer)["error_message"]
    assert running.handle.closed
    assert running.session.over.is_set()


async def test_of_two_ends_the_first_counts(running: Running) -> None:
    peer = await running.join()
    running.session.end(Ending("first", "first"))
    running.handle.stop(StopReason.WORKER_LOST)
    await running.over()
    assert farewell(peer)["code"] == "first"


async def test_the_owners_wish_is_not_that_of_those_who_watch(running: Running) -> None:
    owner, guest = await running.join("owner"), await running.join("guest", controls=False)
    running.session.end(WISHED)
    await running.over()
    assert farewell(owner) == {"type": "stream_stopped"}
    assert farewell(guest)["code"] == "session_closed"


async def test_the_session_ends_with_its_last_peer(running: Running) -> None:
    a, b = await running.join("a"), await running.join("b")
    running.session.connected(a)
    running.session.closed(a, PeerClosed.BY_PEER)
    assert not running.session.is_over
    running.session.closed(b, PeerClosed.NOT_CONNECTED)
    await running.over()
    assert running.fates == [True, False, False]
    assert running.session.frames_dropped == 4
    running.session.closed(b, PeerClosed.LOST)


async def test_a_silent_peer_costs_nothing(running: Running) -> None:
    peer = await running.join()
    running.session.connected(peer)
    running.session.silent(peer, True)
    assert running.handle.played[-1] is None
    running.session.silent(peer, False)
    assert running.handle.played[-1] is not None


async def test_an_offer_that_fails_leaves_no_viewer(running: Running) -> None:
    with pytest.raises(NegotiationFailed):
        await running.join(sdp="unanswerable")
    with pytest.raises(RuntimeError):
        await running.join(sdp="bug")
    assert len(running.session.audience) == 0


async def test_viewers_are_bounded(running: Running) -> None:
    for name in "abc":
        await running.join(name)
    with pytest.raises(AtCapacity):
        await running.join("d")


async def test_nobody_joins_what_is_over(running: Running) -> None:
    running.session.end(WISHED)
    with pytest.raises(SessionNotFound):
        await running.join()


async def test_stats_are_told_to_the_connected(running: Running) -> None:
    a, b = await running.join("a"), await running.join("b")
    running.session.connected(a)
    telling.tell_stats(running.session, now_s=1.0)
    assert a.said[0]["chunk_ms"] == 20.0
    assert a.said[0]["rtt_ms"] == 1.5
    assert [each["type"] for each in b.said] == ["control"]


async def test_an_offer_may_ask_for_a_paused_stream(running: Running) -> None:
    running.session.begin(decode_object({"paused": True}, known=frozenset()))
    peer = await running.join()
    running.session.connected(peer)
    assert running.session.pausing.now
    assert running.handle.played == []


async def test_a_mistake_in_playing_ends_the_session_with_words(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await running.join()

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(running.pool, "run", broken)
    running.session.connected(peer)
    running.handle.make()
    await running.over()
    assert farewell(peer)["code"] == "internal_error"


async def test_what_a_script_brings_is_logged_and_told(running: Running, until: Any) -> None:
    peer = await running.join()
    update = ControlUpdate(revision=0, prompts=PromptMix((PromptItem("scripted"),)))
    running.handle.events.put_nowait(UpdateTaken("s", 2, 4, update, scripted=True))
    await until(lambda: "parameters_updated" in peer.kinds())
    assert running.session.shown.prompts.heaviest() == "scripted"
    (event,) = running.session.timeline().events
    assert event.chunk == 2
    running.handle.events.put_nowait(ChunksUndone("s", 1, 2))
    await until(lambda: not running.session.timeline().events)


async def test_a_headless_session_plays_on_alone(running: Running, until: Any) -> None:
    running.session.begin(decode_object({}, known=frozenset()), headless=True)
    running.handle.make(4)
    await until(lambda: running.session.timeline().frames == 4)
    peer = await running.join()
    running.session.connected(peer)
    running.session.closed(peer, PeerClosed.BY_PEER)
    assert not running.session.is_over
    assert running.session.player.is_running


async def test_a_pause_the_pipeline_refuses_does_not_hold_the_picture(running: Running) -> None:
    peer = await running.join()
    running.session.connected(peer)
    running.session.message(peer, '{"paused": true}')
    assert not running.session.player.is_running
    (update,) = running.handle.sent
    error = ErrorInfo("invalid_parameters", "no", "gain")
    running.handle.events.put_nowait(UpdateRejected("s", update.revision, error))
    while not running.session.player.is_running:  # noqa: ASYNC110 - nobody announces it
        await asyncio.sleep(0)


def controls(peer: Any) -> list[tuple[Any, ...]]:
    """What a peer was told of who controls."""
    told = [each for each in peer.said if each["type"] == "control"]
    return [(each["holder"], each.get("label"), each["may_take"]) for each in told]


async def test_everybody_is_told_who_controls_when_they_come_and_when_that_changes(
    running: Running,
) -> None:
    owner = await running.join("a", permit=Permit(owner="A", label="stage"))
    other = await running.join("b", controls=False, permit=Permit(owner="B", label="desk"))
    guest = await running.join("c", controls=False, permit=Permit(owner="C", may_control=False))
    for peer in (owner, other, guest):
        running.session.channel_opened(peer)
    assert controls(owner) == [("you", "stage", False)]
    assert controls(other) == [("other", "stage", True)]
    assert controls(guest) == [("other", "stage", False)]
    running.session.closed(owner, PeerClosed.BY_PEER)
    assert controls(other)[1:] == [("nobody", None, True)]
    assert controls(guest)[1:] == [("nobody", None, False)]


async def test_after_control_changed_hands_only_the_new_ones_messages_count(
    running: Running,
) -> None:
    first, second = await running.join("a"), await running.join("b", controls=False)
    viewer = running.session.audience.get("b")
    assert viewer is not None
    running.session.hand_over(viewer)
    running.session.message(first, '{"prompts": ["x"]}')
    assert running.handle.sent == []
    assert first.said[-1]["code"] == "forbidden"
    assert "take control" in first.said[-1]["detail"]
    running.session.message(second, '{"prompts": ["x"]}')
    assert len(running.handle.sent) == 1


async def test_who_took_control_of_a_stream_whose_owner_vanished_ends_it_by_leaving(
    running: Running,
) -> None:
    kept: list[Any] = []
    running.session.keep = lambda session, since_s: bool(kept.append(since_s)) or True
    first, second = await running.join("a"), await running.join("b", controls=False)
    running.session.closed(first, PeerClosed.LOST)
    viewer = running.session.audience.get("b")
    assert viewer is not None
    running.session.hand_over(viewer)
    running.session.closed(second, PeerClosed.BY_PEER)
    assert running.session.is_over
    assert kept == []

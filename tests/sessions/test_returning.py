"""Owners who vanish, and come back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from scope.clock import MonotonicClock
from scope.errors import (
    AtCapacity,
    InvalidParameters,
    NegotiationFailed,
    PipelineNotLoaded,
    SessionGone,
    SessionNotFound,
    TokenUsed,
)
from scope.events import EngineStatus, StopReason
from scope.frames import VideoFormat
from scope.media.encoder import EncoderPool
from scope.pipelines.contract import PipelineSpec
from scope.rtc.api import PeerClosed
from scope.sessions import table as table_module
from scope.sessions.ending import WISHED
from scope.sessions.offers import Offer
from scope.sessions.parking import ParkingLimits
from scope.sessions.table import SessionTable, TableLimits

pytestmark = pytest.mark.anyio
SPEC = PipelineSpec("fake", "Fake", "", "1", {"properties": {"noise_scale": {}}}, {})


class FakeEngine:
    def __init__(self, make_handle: Any) -> None:
        self.make_handle = make_handle
        self.now = EngineStatus(
            state="loaded", pipeline_id="fake", format=VideoFormat(64, 64, 100.0), chunk_frames=2
        )

    def status(self) -> EngineStatus:
        return self.now

    def catalog(self) -> dict[str, PipelineSpec]:
        return {"fake": SPEC}

    async def open(self, request: Any) -> Any:
        return self.make_handle(request.stream_id)


class House:
    """A table, and an owner whose peer the test controls."""

    def __init__(self, make_handle: Any, make_peer: Any) -> None:
        self.engine = FakeEngine(make_handle)
        self.pool = EncoderPool(1)
        self.peers: list[Any] = []

        def peer(peer_id: str, events: Any, loopback: bool) -> Any:
            self.peers.append(make_peer(peer_id, events=events))
            return self.peers[-1]

        self.table = SessionTable(
            engine=self.engine,  # type: ignore[arg-type]
            peers=peer,
            pool=self.pool,
            clock=MonotonicClock(),
            limits=TableLimits(max_sessions=1, parking=ParkingLimits(max_sessions=2, keep_s=30)),
        )

    async def offer(self, sdp: str = "offer", *, resume: Any = None, **parameters: Any) -> Any:
        return await self.table.offer(
            Offer(
                sdp=sdp,
                fate=lambda _: None,
                from_loopback=True,
                parameters=parameters,
                resume=resume,
            )
        )

    async def start(self, **parameters: Any) -> Any:
        answer = await self.offer(**parameters)
        answer.session.connected(answer.peer)
        return answer

    async def parked(self, **parameters: Any) -> tuple[Any, str]:
        """A session whose owner has vanished, and the owner's token."""
        answer = await self.start(**parameters)
        answer.session.closed(answer.peer, PeerClosed.LOST)
        assert answer.session.parked
        return answer.session, answer.session.resume_token


@pytest.fixture
async def house(
    make_handle: Any, make_peer: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    def guard(sdp: str, limits: Any) -> str:
        if sdp == "garbage":
            raise NegotiationFailed("garbage")
        return sdp

    monkeypatch.setattr(table_module, "guard_sdp", guard)
    made = House(make_handle, make_peer)
    yield made
    async with asyncio.timeout(5):
        await made.table.aclose()
    made.pool.close()


async def test_an_owner_who_vanished_goes_on_with_the_same_session(house: House) -> None:
    session, token = await house.parked(prompts=["x"], seed=5)
    handle = session.handle
    assert house.table.sessions == ()
    answer = await house.offer(resume=(session.id, token))
    assert answer.session is session
    assert handle.resumed == 1
    assert session.resume_token != token
    session.connected(answer.peer)
    session.channel_opened(answer.peer)
    hello = answer.peer.said[0]
    assert (hello["seed"], hello["resumeToken"]) == (5, session.resume_token)
    assert handle.played[-1] is not None
    assert handle.sent == []
    assert house.table.find(session.id) is session


async def test_parameters_that_come_with_a_return_are_an_update(house: House) -> None:
    session, token = await house.parked()
    answer = await house.offer(resume=(session.id, token), prompts=["y"], sparkle=1)
    (update,) = session.handle.sent
    assert update.prompts.heaviest() == "y"
    session.channel_opened(answer.peer)
    assert [n["field"] for n in answer.peer.said if n["type"] == "error"] == ["sparkle"]


async def test_a_foreign_a_used_and_an_expired_token_harm_nobody(house: House) -> None:
    session, token = await house.parked()
    for foreign in ((session.id, "guess"), ("nobody", token)):
        with pytest.raises(SessionNotFound):
            await house.offer(resume=foreign)
    back = await house.offer(resume=(session.id, token))
    session.connected(back.peer)
    with pytest.raises(TokenUsed):
        await house.offer(resume=(session.id, token))
    assert not session.is_over
    newest = session.resume_token
    await house.table.close(session.id, WISHED)
    with pytest.raises(SessionGone) as gone:
        await house.offer(resume=(session.id, newest))
    assert gone.value.reason


async def test_a_clean_end_parks_nothing(house: House) -> None:
    answer = await house.start()
    answer.session.closed(answer.peer, PeerClosed.BY_PEER)
    async with asyncio.timeout(5):
        await answer.session.over.wait()
    with pytest.raises(SessionGone):
        await house.offer(resume=(answer.session.id, answer.session.resume_token))


async def test_an_offer_that_never_connected_parks_nothing(house: House) -> None:
    answer = await house.offer()
    answer.session.closed(answer.peer, PeerClosed.NOT_CONNECTED)
    assert answer.session.is_over


async def test_who_only_watched_is_not_waited_for(house: House) -> None:
    offer = Offer(sdp="x", fate=lambda _: None, from_loopback=True, controls=False)
    answer = await house.table.offer(offer)
    assert answer.session.resume_token is None
    answer.session.connected(answer.peer)
    answer.session.closed(answer.peer, PeerClosed.LOST)
    assert answer.session.is_over


async def test_guests_go_on_watching_and_the_owner_is_waited_for_after_they_left(
    house: House,
) -> None:
    owner = await house.start()
    session = owner.session
    guest = await house.table.join(
        session, Offer(sdp="x", fate=lambda _: None, from_loopback=True, controls=False)
    )
    session.connected(guest.peer)
    session.closed(owner.peer, PeerClosed.LOST)
    assert not session.parked
    session.closed(guest.peer, PeerClosed.BY_PEER)
    assert session.parked
    answer = await house.offer(resume=(session.id, session.resume_token))
    assert answer.session is session


async def test_an_owner_may_come_back_before_its_old_connection_is_given_up(house: House) -> None:
    old = await house.start()
    session = old.session
    session.silent(old.peer, True)
    new = await house.offer(resume=(session.id, session.resume_token))
    assert len(session.audience) == 2
    assert session.audience.controller.peer is new.peer
    session.connected(new.peer)
    async with asyncio.timeout(5):
        while not old.peer.closed_with:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0)
    assert "session_resumed" in old.peer.closed_with[0]
    assert not session.is_over
    assert session.handle.parked_with == []


async def test_a_return_that_fails_costs_neither_the_session_nor_the_token(house: House) -> None:
    session, token = await house.parked()
    for sdp, error in (("garbage", NegotiationFailed), ("unanswerable", NegotiationFailed)):
        with pytest.raises(error):
            await house.offer(sdp, resume=(session.id, token))
    with pytest.raises(InvalidParameters):
        await house.offer(resume=(session.id, token), seed=-1)
    assert session.parked
    assert not session.is_over
    await house.offer(resume=(session.id, token))


async def test_a_return_that_never_connects_leaves_the_session_parked(house: House) -> None:
    session, token = await house.parked()
    answer = await house.offer(resume=(session.id, token))
    session.closed(answer.peer, PeerClosed.NOT_CONNECTED)
    assert session.parked
    await house.offer(resume=(session.id, session.resume_token))


async def test_a_parked_session_takes_no_place_and_needs_one_to_come_back(house: House) -> None:
    session, token = await house.parked()
    other = await house.start()
    with pytest.raises(AtCapacity):
        await house.offer(resume=(session.id, token))
    await house.table.close(other.session.id, WISHED)
    await house.offer(resume=(session.id, token))


async def test_a_parked_session_is_freed_by_its_owner_at_once(house: House) -> None:
    session, token = await house.parked()
    async with asyncio.timeout(5):
        await house.table.close(session.id, WISHED)
    assert session.handle.closed
    assert len(house.table.returns.parking) == 0
    with pytest.raises(SessionGone):
        await house.offer(resume=(session.id, token))


async def test_where_another_pipeline_is_loaded_the_session_is_gone_with_the_reason(
    house: House,
) -> None:
    session, token = await house.parked()
    session.handle.trouble = PipelineNotLoaded("Another pipeline is loaded.")
    house.engine.now = EngineStatus(state="loading", pipeline_id="fake")
    with pytest.raises(PipelineNotLoaded):
        await house.offer(resume=(session.id, token))
    assert session.parked
    house.engine.now = EngineStatus(state="loaded", pipeline_id="other")
    for _ in range(2):
        with pytest.raises(SessionGone, match="pipeline"):
            await house.offer(resume=(session.id, token))


async def test_a_stream_that_ends_while_it_is_parked_says_why(house: House, until: Any) -> None:
    session, token = await house.parked()
    session.handle.stop(StopReason.WORKER_LOST)
    await until(session.over.is_set)
    with pytest.raises(SessionGone) as gone:
        await house.offer(resume=(session.id, token))
    assert "lost" in gone.value.reason


async def test_a_drain_waits_for_nobody_who_is_away(house: House) -> None:
    session, _ = await house.parked()
    async with asyncio.timeout(5):
        await house.table.drain(in_s=600)
    assert session.over.is_set()


async def test_who_takes_control_may_come_back_and_who_had_it_may_not(house: House) -> None:
    answer = await house.start()
    session, old = answer.session, answer.session.resume_token
    guest = Offer(sdp="x", fate=lambda _: None, from_loopback=True, controls=False)
    joined = await house.table.join(session, guest)
    viewer = session.audience.get(joined.peer.id)
    house.table.returns.pass_to(session, viewer)
    told = [each for each in joined.peer.said if each["type"] == "control"]
    assert told[-1]["holder"] == "you"
    assert answer.peer.said[-1]["holder"] == "other"
    assert "resumeToken" not in answer.peer.said[-1]
    with pytest.raises(TokenUsed):
        await house.offer(resume=(session.id, old))
    again = await house.offer(resume=(session.id, told[-1]["resumeToken"]))
    assert again.session is session

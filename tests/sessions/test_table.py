"""Who gets in, who is found, and how everybody leaves."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from scope.clock import MonotonicClock
from scope.engine.api import OpenRequest
from scope.errors import (
    AtCapacity,
    Draining,
    InvalidParameters,
    NegotiationFailed,
    PipelineNotLoaded,
    SessionNotFound,
)
from scope.events import EngineStatus, ErrorInfo
from scope.frames import VideoFormat
from scope.media.encoder import EncoderPool
from scope.pipelines.contract import PipelineSpec
from scope.protocol.timeline import timeline_of
from scope.sessions import table as table_module
from scope.sessions.ending import WISHED
from scope.sessions.offers import Offer
from scope.sessions.readiness import NOT_LOADED
from scope.sessions.table import SessionTable, TableLimits

pytestmark = pytest.mark.anyio
SPEC = PipelineSpec(
    id="fake",
    title="Fake",
    description="",
    version="1",
    params_schema={"properties": {"noise_scale": {}}},
    load_schema={},
    default_prompt="by default",
)


class FakeEngine:
    """An engine that opens whatever is asked."""

    def __init__(self, make_handle: Any) -> None:
        self.make_handle = make_handle
        self.now = EngineStatus(state="loaded", pipeline_id="fake")
        self.opened: list[OpenRequest] = []
        self.handles: list[Any] = []

    def status(self) -> EngineStatus:
        return self.now

    def catalog(self) -> dict[str, PipelineSpec]:
        return {"fake": SPEC}

    async def open(self, request: OpenRequest) -> Any:
        await asyncio.sleep(0)
        self.opened.append(request)
        self.handles.append(self.make_handle(request.stream_id))
        return self.handles[-1]


class House:
    """A table with its engine, and the peers it made."""

    def __init__(self, make_handle: Any, make_peer: Any) -> None:
        self.engine = FakeEngine(make_handle)
        self.pool = EncoderPool(1)
        self.peers: list[Any] = []

        def peer(peer_id: str, events: Any, loopback: bool) -> Any:
            self.peers.append(make_peer(peer_id, events=events))
            return self.peers[-1]

        self.table = SessionTable(
            engine=self.engine,
            peers=peer,
            pool=self.pool,
            clock=MonotonicClock(),
            limits=TableLimits(max_sessions=2, max_peers=2),
            resolve=lambda name: {"alias": "fake"}.get(name, name),
        )

    async def offer(self, sdp: str = "offer", **parameters: Any) -> Any:
        return await self.table.offer(
            Offer(sdp=sdp, fate=lambda _: None, from_loopback=True, parameters=parameters)
        )


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


async def test_an_offer_opens_a_stream_with_its_parameters(house: House) -> None:
    answer = await house.offer(prompts=["x"], seed=5, noise_scale=0.5, reset_cache=True)
    (request,) = house.engine.opened
    assert request.seed == 5
    assert request.initial.prompts is not None
    assert request.initial.prompts.heaviest() == "x"
    assert request.initial.changes == {"noise_scale": 0.5}
    assert (request.initial.seed, request.initial.reset) == (None, False)
    assert answer.sdp == "answer to offer"
    assert house.table.find(answer.session.id) is answer.session
    assert house.table.find_peer(answer.peer.id) == (answer.session, answer.peer)


async def test_without_a_prompt_the_default_is_in_force(house: House) -> None:
    answer = await house.offer()
    assert answer.session.shown.prompts.heaviest() == "by default"
    assert answer.session.shown.parameters()["seed"] == 7


async def test_parameters_are_judged_before_the_pipeline(house: House) -> None:
    house.engine.now = EngineStatus()
    with pytest.raises(InvalidParameters):
        await house.offer(seed=-1)
    with pytest.raises(PipelineNotLoaded):
        await house.offer("garbage")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (EngineStatus(), "not_loaded"),
        (EngineStatus(state="loading", pipeline_id="fake"), "loading"),
        (EngineStatus(state="error", error=ErrorInfo("load_failed", "no room")), "no room"),
    ],
)
async def test_without_a_loaded_pipeline_the_reason_is_told(
    house: House, status: EngineStatus, reason: str
) -> None:
    house.engine.now = status
    with pytest.raises(PipelineNotLoaded) as refused:
        await house.offer()
    assert (refused.value.detail, refused.value.reason) == (NOT_LOADED, reason)


async def test_an_offer_may_name_the_loaded_pipeline_or_its_alias(house: House) -> None:
    await house.offer(pipeline_ids=["fake"])
    await house.offer(pipeline_ids=["alias"])


async def test_garbage_opens_nothing(house: House) -> None:
    with pytest.raises(NegotiationFailed):
        await house.offer("garbage")
    assert house.engine.opened == []


@pytest.mark.parametrize(
    ("sdp", "error"), [("unanswerable", NegotiationFailed), ("bug", RuntimeError)]
)
async def test_an_offer_that_can_not_be_answered_leaves_nothing(
    house: House, until: Any, sdp: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await house.offer(sdp)
    await until(lambda: not house.table._sessions)
    assert house.engine.handles[0].closed


async def test_sessions_are_bounded_also_while_they_open(house: House) -> None:
    results = await asyncio.gather(*(house.offer() for _ in range(4)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, AtCapacity)]
    assert len(refused) == 2
    assert all(error.retry_after_s for error in refused)
    await house.table.close(house.table.sessions[0].id, WISHED)
    await house.offer()


async def test_the_oldest_session_is_meant_when_none_is_named(house: House) -> None:
    with pytest.raises(SessionNotFound):
        house.table.some(None)
    first, second = await house.offer(), await house.offer()
    assert house.table.some(None) is first.session
    assert house.table.some(second.session.id) is second.session
    for missing in ("nobody", ""):
        with pytest.raises(SessionNotFound):
            house.table.some(missing)
    with pytest.raises(SessionNotFound):
        house.table.find_peer("nobody")


async def test_a_session_that_ended_is_not_found(house: House) -> None:
    answer = await house.offer()
    await house.table.close(answer.session.id, WISHED)
    await house.table.close(answer.session.id, WISHED)
    with pytest.raises(SessionNotFound):
        house.table.find(answer.session.id)
    assert house.engine.handles[0].closed


async def test_a_drain_ends_what_still_runs_after_its_time(house: House) -> None:
    answer = await house.offer()
    await house.table.drain(in_s=0.01)
    peer = house.peers[0]
    assert peer.said == [{"type": "draining", "in_s": 0.01}]
    with pytest.raises(Draining):
        await house.offer()
    with pytest.raises(Draining):
        await house.table.join(
            answer.session, Offer(sdp="x", fate=lambda _: None, from_loopback=True)
        )
    await answer.session.over.wait()
    assert "server_shutdown" in peer.closed_with[0]


async def test_a_drain_is_over_at_once_when_nobody_is_there(house: House) -> None:
    async with asyncio.timeout(1):
        await house.table.drain(in_s=600)


async def test_a_timeline_is_played_without_a_peer(house: House) -> None:
    house.engine.now = EngineStatus(
        state="loaded", pipeline_id="fake", format=VideoFormat(64, 64, 100.0), chunk_frames=2
    )
    timeline = timeline_of(
        {"seed": 3, "initial": {"prompts": ["a"]}, "events": [{"at_s": 1, "prompts": ["b"]}]}
    )
    session, score = await house.table.play(timeline, {"noise_scale": 0.5}, named=("fake",))
    (request,) = house.engine.opened
    assert (request.seed, request.script[0].frame) == (3, 100)
    assert request.initial.changes == {"noise_scale": 0.5}
    assert score.decoded.update.prompts
    assert house.table.sessions == (session,)
    assert session.headless
    assert session.player.is_running
    initial = session.timeline().initial
    assert (initial["prompts"][0]["text"], initial["noise_scale"]) == ("a", 0.5)


async def test_a_timeline_for_another_pipeline_is_refused(house: House) -> None:
    with pytest.raises(PipelineNotLoaded, match="wan"):
        await house.table.play(timeline_of([]), {}, named=("wan",))
    house.table.draining = True
    with pytest.raises(Draining):
        await house.table.play(timeline_of([]), {}, named=None)

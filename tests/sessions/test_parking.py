"""How long, how many and how much is kept of sessions whose owner vanished."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from scope.clock import ManualClock
from scope.errors import AtCapacity, SessionGone
from scope.sessions.ending import CROWDED_OUT, KEPT_TOO_LONG, SHUT_DOWN, WISHED, Ending
from scope.sessions.parking import Parking, ParkingLimits

pytestmark = pytest.mark.anyio


class FakeSession:
    def __init__(self, name: str, handle: Any) -> None:
        self.id = name
        self.handle = handle
        self.parked = False
        self.ended: list[Ending] = []

    def park(self, parked: bool) -> None:
        self.parked = parked

    @property
    def is_over(self) -> bool:
        return bool(self.ended)

    def end(self, ending: Ending) -> None:
        self.ended.append(ending)


class Lot:
    def __init__(self, make_handle: Any) -> None:
        self.make_handle = make_handle
        self.clock = ManualClock(100.0)
        self.parking = Parking(
            limits=ParkingLimits(max_sessions=2, keep_s=60.0, max_bytes=12), clock=self.clock
        )

    def session(self, name: str) -> Any:
        return FakeSession(name, self.make_handle(name))

    def park(self, name: str, *, vanished_s: float = 100.0) -> Any:
        session = self.session(name)
        assert self.parking.take(session, vanished_s)
        return session

    async def stowed(self) -> None:
        for place in self.parking._places.values():
            await asyncio.wait({place.stowing})


@pytest.fixture
async def lot(make_handle: Any) -> AsyncIterator[Lot]:
    made = Lot(make_handle)
    yield made
    made.parking.end_all(WISHED)
    await made.parking.aclose()


async def test_a_parked_session_comes_back_as_it_was(lot: Lot) -> None:
    session = lot.park("a")
    assert session.parked
    assert session in lot.parking
    await lot.parking.bring_back(session)
    assert not session.parked
    assert session.handle.resumed == 1
    assert len(lot.parking) == 0
    assert session.ended == []


async def test_it_is_given_up_when_its_time_is_over(lot: Lot, until: Any) -> None:
    late = lot.park("late", vanished_s=40.0)
    early = lot.park("early", vanished_s=99.0)
    await until(lambda: late.ended)
    assert late.ended == [KEPT_TOO_LONG]
    assert early.ended == []
    assert late not in lot.parking


async def test_the_oldest_makes_room_for_the_newest(lot: Lot) -> None:
    first, second, third = lot.park("a"), lot.park("b"), lot.park("c")
    assert first.ended == [CROWDED_OUT]
    assert (second.ended, third.ended) == ([], [])
    assert len(lot.parking) == 2


async def test_only_so_many_bytes_are_kept_and_the_rest_stays_in_the_worker(lot: Lot) -> None:
    first = lot.park("a")
    await lot.stowed()
    first.handle.state_bytes = 5
    second = lot.park("b")
    await lot.stowed()
    assert first.handle.parked_with == [12]
    assert second.handle.parked_with == [7]


async def test_who_can_not_come_back_yet_may_try_again(lot: Lot) -> None:
    session = lot.park("a")
    session.handle.trouble = AtCapacity("full")
    for _ in range(2):
        with pytest.raises(AtCapacity):
            await lot.parking.bring_back(session)
        assert session.parked
        assert session in lot.parking
    session.handle.trouble = None
    await lot.parking.bring_back(session)


async def test_of_two_who_come_back_at_once_one_does(lot: Lot) -> None:
    session = lot.park("a")
    results = await asyncio.gather(
        *(lot.parking.bring_back(session) for _ in range(2)), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), SessionGone]
    with pytest.raises(SessionGone):
        await lot.parking.bring_back(session)


async def test_a_session_that_ends_meanwhile_is_gone(lot: Lot) -> None:
    session = lot.park("a")
    session.end(WISHED)
    with pytest.raises(SessionGone):
        await lot.parking.bring_back(session)
    lot.parking.forget(session)
    lot.parking.forget(session)
    assert len(lot.parking) == 0
    assert not lot.parking.take(session, 100.0)


async def test_where_nothing_is_kept_nobody_is(make_handle: Any) -> None:
    parking = Parking(limits=ParkingLimits(max_sessions=0), clock=ManualClock())
    assert not parking.take(FakeSession("a", make_handle("a")), 0.0)  # type: ignore[arg-type]


async def test_all_may_be_ended_at_once(lot: Lot) -> None:
    sessions = [lot.park("a"), lot.park("b")]
    lot.parking.end_all(SHUT_DOWN)
    assert [session.ended for session in sessions] == [[SHUT_DOWN], [SHUT_DOWN]]
    assert len(lot.parking) == 0

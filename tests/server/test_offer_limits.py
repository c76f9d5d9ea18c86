"""Offers that come to nothing are slowed down, others are not."""

import pytest

from scope.clock import ManualClock
from scope.errors import TooManyRequests
from scope.server.offer_limits import OfferLimits, OfferRates


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1000.0)


@pytest.fixture
def limits(clock: ManualClock) -> OfferLimits:
    return OfferLimits(OfferRates(), clock=clock)


def fail(limits: OfferLimits, address: str = "a") -> None:
    limits.begin(address).finish(failed=True)


def test_offers_that_connect_are_never_counted(limits: OfferLimits) -> None:
    for _ in range(100):
        limits.begin("a").finish(failed=False)


def test_a_burst_of_failures_is_allowed_then_one_a_second(
    limits: OfferLimits, clock: ManualClock
) -> None:
    for _ in range(5):
        fail(limits)
    with pytest.raises(TooManyRequests) as refused:
        limits.begin("a")
    assert refused.value.retry_after_s == pytest.approx(1.0)
    clock.advance(1.0)
    fail(limits)
    with pytest.raises(TooManyRequests):
        limits.begin("a")


def test_the_bucket_fills_up_again(limits: OfferLimits, clock: ManualClock) -> None:
    for _ in range(5):
        fail(limits)
    clock.advance(60)
    for _ in range(5):
        fail(limits)


def test_one_address_does_not_pay_for_another(limits: OfferLimits) -> None:
    for _ in range(5):
        fail(limits, "a")
    fail(limits, "b")


def test_four_offers_of_an_address_may_be_under_way(limits: OfferLimits) -> None:
    tickets = [limits.begin("a") for _ in range(4)]
    with pytest.raises(TooManyRequests):
        limits.begin("a")
    tickets[0].finish(failed=False)
    limits.begin("a")


def test_eight_offers_may_be_under_way_in_all(limits: OfferLimits) -> None:
    for number in range(8):
        limits.begin(f"address {number}")
    with pytest.raises(TooManyRequests):
        limits.begin("another")


def test_a_ticket_counts_once(limits: OfferLimits) -> None:
    ticket = limits.begin("a")
    limits.begin("a")
    for _ in range(3):
        ticket.finish(failed=True)
    limits.begin("a")
    limits.begin("a")
    limits.begin("a")
    with pytest.raises(TooManyRequests):
        limits.begin("a")

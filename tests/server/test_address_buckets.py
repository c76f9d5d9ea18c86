"""Failures of an address, and nobody else's."""

import pytest

from scope.clock import ManualClock
from scope.server import address_buckets
from scope.server.address_buckets import AddressBuckets


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def buckets(clock: ManualClock) -> AddressBuckets:
    return AddressBuckets(rate_per_s=0.5, burst=3, clock=clock)


def charge(buckets: AddressBuckets, address: str, times: int = 1) -> None:
    for _ in range(times):
        buckets.charge(address)


def test_an_address_waits_when_its_tokens_are_gone(
    buckets: AddressBuckets, clock: ManualClock
) -> None:
    charge(buckets, "192.0.2.1", 2)
    assert buckets.wait_s("192.0.2.1") == 0
    charge(buckets, "192.0.2.1")
    assert buckets.wait_s("192.0.2.1") == 2
    clock.advance(2)
    assert buckets.wait_s("192.0.2.1") == 0
    charge(buckets, "192.0.2.1")
    assert buckets.wait_s("192.0.2.1") == 2


def test_one_address_does_not_pay_for_another(buckets: AddressBuckets) -> None:
    charge(buckets, "192.0.2.1", 9)
    assert buckets.wait_s("192.0.2.2") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("testclient", "other", False),
    ],
)
def test_a_network_of_ipv6_is_one_caller(
    buckets: AddressBuckets, one: str, other: str, same: bool
) -> None:
    charge(buckets, one, 9)
    assert (buckets.wait_s(other) > 0) is same


def test_full_buckets_are_forgotten(
    buckets: AddressBuckets, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_buckets, "MAX_ADDRESSES", 3)
    for n in range(3):
        charge(buckets, f"192.0.2.{n}", 3)
    clock.advance(60)
    charge(buckets, "192.0.2.9", 3)
    assert len(buckets._full_at_s) == 1


def test_there_are_only_so_many_and_the_fullest_makes_room(
    buckets: AddressBuckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address_buckets, "MAX_ADDRESSES", 3)
    charge(buckets, "192.0.2.0", 3)
    charge(buckets, "192.0.2.1", 5)
    charge(buckets, "192.0.2.2", 9)
    charge(buckets, "192.0.2.9", 3)
    assert len(buckets._full_at_s) == 3
    assert buckets.wait_s("192.0.2.0") == 0
    assert buckets.wait_s("192.0.2.2") > 0

from collections.abc import Callable

import pytest

from scope.errors import TooLarge
from scope.rtc.api import Candidate, PeerConfig, SdpLimits
from scope.rtc.guard import guard_offer
from scope.rtc.trickle import Trickle

Offers = Callable[[str], str]


def trickle(sdp: str) -> Trickle:
    guarded = guard_offer(sdp, SdpLimits(), prefer=None, client_is_loopback=False)
    return Trickle(guarded, config=PeerConfig(), client_is_loopback=False)


def candidate(number: int = 0, *, name: str | None = None, mid: str | None = "0") -> Candidate:
    address = name or f"198.51.{number >> 8}.{number & 255}"
    return Candidate(f"candidate:1 1 udp 2113937151 {address} 50000 typ host", mid, None)


def test_candidates_come_through_until_the_limit_of_the_session(offer: Offers) -> None:
    tried = trickle(offer("seed"))
    taken = []
    for start in range(0, 300, 30):
        taken += tried.admit([candidate(n) for n in range(start, start + 30)])[0]
    assert len(taken) == 64


def test_too_many_at_once_are_refused(offer: Offers) -> None:
    with pytest.raises(TooLarge):
        trickle(offer("seed")).admit([candidate(n) for n in range(33)])


def test_few_names_are_resolved_and_addresses_still_count(offer: Offers) -> None:
    tried = trickle(offer("seed"))
    names = [candidate(name=f"{n:08x}-0cce.local") for n in range(20)]
    good, _ = tried.admit([*names, candidate(7)])
    assert [c.mdns for c in good] == [True] * 4 + [False]


def test_each_is_judged_alone_and_the_wrong_one_is_named(offer: Offers) -> None:
    good, wrong = trickle(offer("seed")).admit(
        [candidate(1), Candidate("nonsense", "0", 0), candidate(2)]
    )
    assert len(good) == 2
    assert wrong is not None
    assert wrong.field == "candidates.1.candidate"


@pytest.mark.parametrize("end", ["", None])
def test_an_end_that_overtakes_candidates_does_not_drop_them(
    offer: Offers, end: str | None
) -> None:
    tried = trickle(offer("seed"))
    assert tried.admit([Candidate(end, "0", 0)]) == ([], None)
    assert len(tried.admit([candidate(1), Candidate(end), candidate(2)])[0]) == 2
    assert len(tried.admit([candidate(3)])[0]) == 1


def test_candidates_of_other_sections_of_the_bundle_are_left_alone(offer: Offers) -> None:
    tried = trickle(offer("seed"))
    line = candidate(1).candidate
    assert tried.admit([candidate(1, mid="1"), Candidate(line, None, 1)])[0] == []
    assert len(tried.admit([Candidate(line, None, 0), Candidate(line)])[0]) == 2


def test_those_of_the_offer_count_too(offer: Offers) -> None:
    tried = trickle(offer("gathered-mdns"))
    assert len(tried.from_offer) == 2
    names = [candidate(name=f"{n:08x}-0cce.local") for n in range(9)]
    assert len(tried.admit(names)[0]) == 2

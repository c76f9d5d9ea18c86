"""What an offer is unless it says otherwise."""

from scope.sessions.offers import Offer


def test_an_offer_controls_and_goes_on_with_nothing() -> None:
    offer = Offer(sdp="x", fate=lambda _: None, from_loopback=True)
    assert offer.controls
    assert offer.resume is None
    assert offer.parameters == {}

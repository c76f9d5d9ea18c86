"""Stands between what clients send and the WebRTC library.

Decides how large an offer may be and which of its candidates are tried. What an offer means
is `offer`'s business. Whatever passes is cheap and safe to hand on.
"""

from dataclasses import dataclass

from scope.errors import InvalidParameters, NegotiationFailed, TooLarge
from scope.frames import Codec
from scope.rtc.api import SdpLimits
from scope.rtc.candidates import ParsedCandidate, guard_candidate
from scope.rtc.offer import Offer, read_offer, write_offer

__all__ = ["GuardedOffer", "check_size", "guard_candidate", "guard_offer", "guard_sdp"]


@dataclass(frozen=True, slots=True)
class GuardedOffer:
    """An offer as the library gets it, what the answer must name, and whom to try."""

    sdp: str
    offer: Offer
    candidates: tuple[ParsedCandidate, ...]


def guard_sdp(sdp: str, limits: SdpLimits) -> str:
    """The offer, written anew from what was understood.

    Raises TooLarge, NegotiationFailed.
    """
    return guard_offer(sdp, limits, prefer=None, client_is_loopback=False).sdp


def guard_offer(
    sdp: str, limits: SdpLimits, *, prefer: Codec | None, client_is_loopback: bool
) -> GuardedOffer:
    """Everything an offer says that concerns us. Raises TooLarge, NegotiationFailed."""
    check_size(sdp, limits)
    if not sdp.strip():
        raise NegotiationFailed("The offer is empty.")
    offer = read_offer(sdp)
    candidates: list[ParsedCandidate] = []
    for text in offer.candidates:
        candidate = _candidate(text, client_is_loopback)
        if candidate is not None and len(candidates) < limits.candidates:
            candidates.append(candidate)
    return GuardedOffer(
        sdp=write_offer(offer, prefer=prefer),
        offer=offer,
        candidates=tuple(candidates),
    )


def check_size(sdp: str, limits: SdpLimits) -> None:
    """Before anything else is looked at. Raises TooLarge."""
    if len(sdp) > limits.max_bytes or len(sdp.encode("utf-8", "replace")) > limits.max_bytes:
        raise TooLarge(f"The offer is over {limits.max_bytes} bytes.", field="sdp")
    lines = sdp.replace("\r\n", "\n").replace("\r", "\n")
    counts = (
        (lines.count("\n"), limits.max_lines, f"{limits.max_lines} lines"),
        (lines.count("\nm="), limits.max_sections, f"{limits.max_sections} m-lines"),
        (
            lines.count("\na=candidate:"),
            limits.max_candidate_lines,
            f"{limits.max_candidate_lines} candidates",
        ),
    )
    for count, most, words in counts:
        if count > most:
            raise TooLarge(f"The offer has more than {words}.", field="sdp")


def _candidate(text: str, client_is_loopback: bool) -> ParsedCandidate | None:
    try:
        return guard_candidate(text, client_is_loopback=client_is_loopback)
    except InvalidParameters:
        return None  # each candidate is judged alone; the others may do

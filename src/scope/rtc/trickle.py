"""Which of a client's candidates are tried: how many, of which kind, for which transport.

Pure. It tries nothing itself.
"""

from collections.abc import Iterable, Sequence

from scope.errors import InvalidParameters, TooLarge
from scope.rtc.api import Candidate, PeerConfig
from scope.rtc.candidates import ParsedCandidate, guard_candidate
from scope.rtc.guard import GuardedOffer


class Trickle:
    """The candidates of one peer, counted."""

    def __init__(
        self, guarded: GuardedOffer, *, config: PeerConfig, client_is_loopback: bool
    ) -> None:
        self._config = config
        self._client_is_loopback = client_is_loopback
        self._section = guarded.offer.transport_section
        self._taken = 0
        self._names_taken = 0
        self.from_offer = self._counted(guarded.candidates)

    def admit(
        self, candidates: Sequence[Candidate]
    ) -> tuple[list[ParsedCandidate], InvalidParameters | None]:
        """Those to try, and what is wrong with the last one that is no candidate at all.

        The end of candidates (RFC 8838 section 13) changes nothing: browsers send one for each
        generation and section, and requests in parallel overtake one another. Raises TooLarge
        when there are too many at once.
        """
        most = self._config.max_candidates_per_call
        if len(candidates) > most:
            raise TooLarge(f"More than {most} candidates at once.", field="candidates")
        good: list[ParsedCandidate] = []
        wrong: InvalidParameters | None = None
        for index, candidate in enumerate(candidates):
            if not candidate.candidate:
                continue
            try:
                parsed = guard_candidate(
                    candidate.candidate, client_is_loopback=self._client_is_loopback
                )
            except InvalidParameters as error:
                wrong = InvalidParameters(error.detail, field=f"candidates.{index}.candidate")
                continue
            if parsed is not None and self._concerns_us(candidate):
                good += self._counted([parsed])
        return good, wrong

    def _concerns_us(self, candidate: Candidate) -> bool:
        """Whether it belongs to the one transport in use; bundled sections have no other."""
        if candidate.sdp_mid:
            return candidate.sdp_mid == self._section.mid
        return candidate.sdp_mline_index in (None, self._section.index)

    def _counted(self, candidates: Iterable[ParsedCandidate]) -> list[ParsedCandidate]:
        taken: list[ParsedCandidate] = []
        for candidate in candidates:
            if self._taken >= self._config.max_candidates:
                break
            if candidate.mdns and self._names_taken >= self._config.max_mdns_candidates:
                continue
            self._taken += 1
            self._names_taken += candidate.mdns
            taken.append(candidate)
        return taken

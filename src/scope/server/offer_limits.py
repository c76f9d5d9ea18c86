"""How often one address may make offers that come to nothing; pure but for the clock.

An offer that connects is not counted. One that fails or never connects takes a token from its
address's bucket; an address without a token waits. Offers on their way are few at a time.
"""

from collections import Counter
from dataclasses import dataclass

from scope.clock import Clock
from scope.errors import TooManyRequests
from scope.server.address_buckets import AddressBuckets


@dataclass(frozen=True, slots=True)
class OfferRates:
    """Tokens an address has and gets back; offers under way at a time."""

    failures_per_s: float = 1.0
    burst: int = 5
    pending_per_address: int = 4
    pending: int = 8


class OfferLimits:
    """Counts offers; `begin` each, and `finish` its ticket exactly when its fate is known."""

    def __init__(self, rates: OfferRates, *, clock: Clock) -> None:
        self._rates = rates
        self._failures = AddressBuckets(
            rate_per_s=rates.failures_per_s, burst=rates.burst, clock=clock
        )
        self._pending: Counter[str] = Counter()

    def begin(self, address: str) -> "OfferTicket":
        """Let an offer in. Raises TooManyRequests."""
        rates = self._rates
        wait_s = self._failures.wait_s(address)
        if wait_s > 0:
            raise TooManyRequests(
                "Too many offers of this address failed; wait a moment.", retry_after_s=wait_s
            )
        crowded = self._pending[address] >= rates.pending_per_address
        if crowded or self._pending.total() >= rates.pending:
            raise TooManyRequests("Too many offers are under way; wait.", retry_after_s=1.0)
        self._pending[address] += 1
        return OfferTicket(self, address)

    def settle(self, address: str, *, failed: bool) -> None:
        """An offer's fate is known; called by its ticket."""
        self._pending[address] -= 1
        if self._pending[address] <= 0:
            del self._pending[address]
        if failed:
            self._failures.charge(address)


class OfferTicket:
    """One offer under way."""

    def __init__(self, limits: OfferLimits, address: str) -> None:
        self._limits = limits
        self._address = address
        self._open = True

    def finish(self, *, failed: bool) -> None:
        """The offer connected, or failed. Only the first call counts."""
        if self._open:
            self._open = False
            self._limits.settle(self._address, failed=failed)

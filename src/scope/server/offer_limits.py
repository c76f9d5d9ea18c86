"""How often one address may make offers that come to nothing; pure but for the clock.

An offer that connects is not counted. One that fails or never connects takes a token from its
address's bucket; an address without a token waits. Offers on their way are few at a time.
"""

import math
from collections import Counter
from dataclasses import dataclass

from scope.clock import Clock
from scope.errors import TooManyRequests

MAX_ADDRESSES = 10_000


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
        self._clock = clock
        self._pending: Counter[str] = Counter()
        self._full_at_s: dict[str, float] = {}  # address → when its bucket is full again

    def begin(self, address: str) -> "OfferTicket":
        """Let an offer in. Raises TooManyRequests."""
        rates = self._rates
        wait_s = self._wait_s(address)
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
            self._charge(address)

    def _wait_s(self, address: str) -> float:
        rate = self._rates.failures_per_s
        missing_s = self._full_at_s.get(address, -math.inf) - self._clock.now()
        return max(0.0, missing_s - (self._rates.burst - 1) / rate)

    def _charge(self, address: str) -> None:
        now_s = self._clock.now()
        if len(self._full_at_s) >= MAX_ADDRESSES:
            self._full_at_s = {a: s for a, s in self._full_at_s.items() if s > now_s}
        full_at_s = max(now_s, self._full_at_s.get(address, now_s))
        self._full_at_s[address] = full_at_s + 1 / self._rates.failures_per_s


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

"""How often one address may fail at something; pure but for the clock.

A failure takes a token from the bucket of its address, and an address without a token waits.
IPv6 addresses of one network count as one, since a caller has all of them.
"""

import math
from ipaddress import IPv6Address, ip_address, ip_network

from scope.clock import Clock

MAX_ADDRESSES = 10_000
NETWORK_BITS = 64


class AddressBuckets:
    """rate_per_s: tokens an address gets back; burst: those it begins with."""

    def __init__(self, *, rate_per_s: float, burst: int, clock: Clock) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._clock = clock
        self._full_at_s: dict[str, float] = {}  # bucket → when it is full again

    def wait_s(self, address: str) -> float:
        """Seconds until the address has a token; 0 when it has one."""
        missing_s = self._full_at_s.get(_bucket(address), -math.inf) - self._clock.now()
        return max(0.0, missing_s - (self._burst - 1) / self._rate_per_s)

    def charge(self, address: str) -> None:
        """Take a token of that address."""
        now_s, bucket = self._clock.now(), _bucket(address)
        if len(self._full_at_s) >= MAX_ADDRESSES:
            self._full_at_s = {a: s for a, s in self._full_at_s.items() if s > now_s}
        if len(self._full_at_s) >= MAX_ADDRESSES and bucket not in self._full_at_s:
            del self._full_at_s[min(self._full_at_s, key=self._full_at_s.__getitem__)]
        full_at_s = max(now_s, self._full_at_s.get(bucket, now_s))
        self._full_at_s[bucket] = full_at_s + 1 / self._rate_per_s


def _bucket(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, NETWORK_BITS), strict=False))
    return str(parsed)

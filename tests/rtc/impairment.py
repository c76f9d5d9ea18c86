"""A bad network between two peers of one process, from a seeded random generator.

Wraps what aioice sends on its sockets; nothing of it is real loss, so tests repeat.
"""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from aioice.ice import Connection, StunProtocol

LEAST_BURST, MOST_BURST = 3, 12
LAST_STUN_BYTE = 3


@dataclass(slots=True)
class Impairment:
    """loss, burst, duplicate, reorder: probabilities per datagram; burst loses several.

    delay_s and jitter_s hold every datagram up. mtu_bytes drops longer ones. muted: ICE
    connections whose datagrams all vanish. down: nothing passes in either direction.
    """

    loss: float = 0.0
    burst: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    mtu_bytes: int = 65_536
    down: bool = False
    muted: set[Connection] = field(default_factory=set)
    largest: int = 0
    dropped: int = 0
    _rng: random.Random = field(default_factory=lambda: random.Random(20))
    _burst_left: int = 0

    def install(self, patch: pytest.MonkeyPatch) -> "Impairment":
        """Put this network under every connection made from now on."""
        made = StunProtocol.connection_made

        def connection_made(protocol: StunProtocol, transport: Any) -> None:
            made(protocol, transport)
            protocol.transport = BadLine(transport, protocol, self)  # type: ignore[assignment]

        patch.setattr(StunProtocol, "connection_made", connection_made)
        return self

    def carry(self, line: "BadLine", data: bytes, address: tuple[str, int]) -> None:
        """Let `data` through, or not, or late, or twice."""
        if data[0] <= LAST_STUN_BYTE:
            if self._passes(line.protocol, 0):
                line.under.sendto(data, address)
            return
        self.largest = max(self.largest, len(data))
        if not self._passes(line.protocol, len(data)):
            return
        for _ in range(2 if self._rng.random() < self.duplicate else 1):
            wait_s = self.delay_s + self._rng.random() * self.jitter_s
            if self._rng.random() < self.reorder:
                wait_s += 0.02
            if wait_s:
                asyncio.get_running_loop().call_later(wait_s, line.send_late, data, address)
            else:
                line.under.sendto(data, address)

    def _passes(self, protocol: StunProtocol, size: int) -> bool:
        fine = not (
            self.down or protocol.receiver in self.muted or size > self.mtu_bytes or self._is_lost()
        )
        self.dropped += not fine
        return fine

    def _is_lost(self) -> bool:
        if self._burst_left:
            self._burst_left -= 1
            return True
        if self._rng.random() < self.burst:
            self._burst_left = self._rng.randint(LEAST_BURST, MOST_BURST)
        return self._rng.random() < self.loss


class BadLine:
    """A datagram transport whose datagrams fare as the impairment says."""

    def __init__(self, under: Any, protocol: StunProtocol, impairment: Impairment) -> None:
        self.under, self.protocol = under, protocol
        self._impairment = impairment

    def __getattr__(self, name: str) -> Any:
        return getattr(self.under, name)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """No socket: nothing goes past us."""
        return default if name == "socket" else self.under.get_extra_info(name, default)

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        self._impairment.carry(self, data, address)

    def send_late(self, data: bytes, address: tuple[str, int]) -> None:
        with suppress(AttributeError, OSError):  # the socket is gone meanwhile
            self.under.sendto(data, address)

"""A bad network between two peers of one process, from a seeded random generator.

Wraps what aioice sends on its sockets; nothing of it is real loss, so tests repeat.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aioice.ice import Connection, StunProtocol

LEAST_BURST, MOST_BURST = 3, 12


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
        send_data, send_stun = StunProtocol.send_data, StunProtocol.send_stun

        async def data(protocol: StunProtocol, data: bytes, address: tuple[str, int]) -> None:
            self.largest = max(self.largest, len(data))
            if self._passes(protocol, len(data)):
                await self._deliver(lambda: send_data(protocol, data, address))

        def stun(protocol: StunProtocol, message: Any, address: tuple[str, int]) -> None:
            if self._passes(protocol, 0):
                send_stun(protocol, message, address)

        patch.setattr(StunProtocol, "send_data", data)
        patch.setattr(StunProtocol, "send_stun", stun)
        return self

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

    async def _deliver(self, send: Callable[[], Awaitable[None]]) -> None:
        copies = 2 if self._rng.random() < self.duplicate else 1
        for _ in range(copies):
            wait_s = self.delay_s + self._rng.random() * self.jitter_s
            if self._rng.random() < self.reorder:
                wait_s += 0.02
            if wait_s:
                asyncio.get_running_loop().call_later(wait_s, _send_now, send)
            else:
                await send()


def _send_now(send: Callable[[], Awaitable[None]]) -> None:
    """The wrapped coroutine only calls `sendto`, so it ends at its first step."""
    try:
        send().__await__().__next__()
    except StopIteration:
        pass
    except (AttributeError, OSError):
        pass  # the socket is gone meanwhile

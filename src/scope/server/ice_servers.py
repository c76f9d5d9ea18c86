"""Which ICE servers a client is told, always fresh and never late.

Credentials are cached until a minute before they end and renewed by the first request after
that; requests that come meanwhile share the one renewal. When no source answers, the public
STUN servers are told, and the sources are asked again a little later.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2
import structlog

from scope.clock import Clock
from scope.protocol.http import IceServer
from scope.server.ice_sources import IceSource, SourceFailed, configured_sources
from scope.sessions.tasks import OwnedTasks
from scope.settings import Settings

RENEW_BEFORE_S = 60.0
RETRY_AFTER_FAILURE_S = 30.0

log = structlog.get_logger("scope.server.ice")


@dataclass(frozen=True, slots=True)
class IceTimes:
    """ttl_s: asked of a source. timeout_s: that one source may take."""

    ttl_s: int = 600
    timeout_s: float = 2.0


class IceServers:
    """The current list of ICE servers."""

    def __init__(
        self,
        sources: Sequence[IceSource],
        *,
        stun_urls: Sequence[str],
        times: IceTimes,
        clock: Clock,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._sources = tuple(sources)
        self._stun = [IceServer(urls=list(stun_urls))] if stun_urls else []
        self._times = times
        self._clock = clock
        self._wall_clock = wall_clock
        self._servers: list[IceServer] = self._stun
        self._fresh_until_s = float("-inf")
        self._renewal = asyncio.Lock()
        self._tasks = OwnedTasks()

    @property
    def last_known(self) -> list[IceServer]:
        """The list as last told, without asking anybody."""
        return self._servers

    async def current(self) -> list[IceServer]:
        """The list, renewed where it is time."""
        if not self._sources or self._is_fresh():
            return self._servers
        async with self._renewal:
            if not self._is_fresh():
                await self._renew()
        return self._servers

    async def soon(self, *, at_most_s: float) -> None:
        """Renew the list where it is time, but go on with the last one when that takes longer."""
        if self._sources and not self._is_fresh():
            await asyncio.wait({self._tasks.start(self.current(), name="ice")}, timeout=at_most_s)

    async def aclose(self) -> None:
        """Stop asking."""
        await self._tasks.aclose()

    def _is_fresh(self) -> bool:
        return self._clock.now() < self._fresh_until_s

    async def _renew(self) -> None:
        for source in self._sources:
            try:
                async with asyncio.timeout(self._times.timeout_s):
                    servers = await source.fetch(ttl_s=self._times.ttl_s, now_s=self._wall_clock())
            except (SourceFailed, TimeoutError) as error:
                log.warning("turn_source_failed", source=source.name, reason=str(error) or "late")
                continue
            self._servers = servers
            self._fresh_until_s = self._clock.now() + self._times.ttl_s - RENEW_BEFORE_S
            return
        self._servers = self._stun
        self._fresh_until_s = self._clock.now() + RETRY_AFTER_FAILURE_S


async def ice_servers(settings: Settings, *, stack: AsyncExitStack, clock: Clock) -> IceServers:
    """The list as the settings describe it; `stack` closes what it needs."""
    client = await stack.enter_async_context(
        httpx2.AsyncClient(timeout=settings.turn_timeout_s, follow_redirects=False)
    )
    servers = IceServers(
        configured_sources(settings, client),
        stun_urls=settings.stun_urls,
        times=IceTimes(ttl_s=settings.turn_ttl_s, timeout_s=settings.turn_timeout_s),
        clock=clock,
    )
    stack.push_async_callback(servers.aclose)
    return servers

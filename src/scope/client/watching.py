"""A look at a running session over WHEP, without a say in it.

Decides when it is over. It does not come back: whoever watches asks again.
"""

from collections.abc import AsyncIterator, Sequence
from types import TracebackType

from aiortc import RTCIceServer
from av import VideoFrame

from scope.client.connection import Connection, Hooks
from scope.client.crowd import Crowd
from scope.client.errors import ClientError
from scope.client.http import Http
from scope.client.pictures import PixelFormat, pictures
from scope.client.values import Picture


class Watching:
    """See the module. An async context manager; made by `Client.watch`."""

    def __init__(
        self,
        http: Http,
        session_id: str,
        *,
        ice_servers: Sequence[RTCIceServer] | None = None,
        lost_s: float = 8.0,
    ) -> None:
        self.id = session_id
        self.error: ClientError | None = None
        self.received: Crowd[VideoFrame] = Crowd()
        self._connection = Connection(
            http,
            ice_servers=ice_servers,
            lost_s=lost_s,
            hooks=Hooks(heard=lambda message: None, seen=self.received.tell, lost=self._lost),
        )

    async def __aenter__(self) -> "Watching":
        try:
            await self._connection.watch(self.id)
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def frames(
        self, *, format: PixelFormat = "rgb24", latest: bool = True
    ) -> AsyncIterator[Picture]:
        """Decoded pictures until it is over; then `error` says why."""
        async for picture in pictures(self.received, format=format, latest=latest):
            yield picture

    async def close(self) -> None:
        """Look away."""
        await self._connection.close(tell=True)
        self.received.end()

    def _lost(self, error: ClientError) -> None:
        self.error = error
        self.received.end()

"""A real server and the Python client on it, in the test's own loop."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from scope.client.api import Client
from scope.client.backoff import Backoff
from scope.client.http import Http
from scope.client.line import Line
from scope.client.stream import Stream
from tests.server.conftest import Live, live_server

Opener = Callable[..., Any]
SOON = (0.05, 0.05, 0.05)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    async with live_server() as running:
        yield running


@pytest.fixture
async def client(live: Live) -> AsyncIterator[Client]:
    async with Client(str(live.http.base_url)) as made:
        yield made


@pytest.fixture
async def opened(live: Live) -> AsyncIterator[Opener]:
    """Opens streams that notice a loss, and try again, sooner than usual."""
    async with AsyncExitStack() as stack:

        async def open_stream(*, waits_s: tuple[float, ...] = SOON, **parameters: Any) -> Stream:
            http = await stack.enter_async_context(Http(str(live.http.base_url)))
            line = Line(http, parameters=parameters, lost_s=1.5, backoff=Backoff(waits_s))
            return await stack.enter_async_context(Stream(http, line))

        yield open_stream

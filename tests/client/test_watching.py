"""A look at somebody else's session, from a real server over real WebRTC."""

import asyncio

import pytest

from scope.client.api import Client
from scope.client.errors import NotFound
from scope.client.watching import Watching
from tests.client.test_stream import first_with, shows

pytestmark = pytest.mark.anyio


async def test_a_watcher_sees_what_somebody_else_changes(client: Client) -> None:
    async with client.stream("one") as stream:
        await first_with(stream, "one")
        async with client.watch(stream.id) as watching:
            seen = asyncio.ensure_future(first_shown(watching, "two"))
            await stream.prompt("two", steps=0)
            await asyncio.wait_for(seen, 10)
            assert await viewers(client) == {stream.id: 2}
        assert await viewers(client) == {stream.id: 1}


async def viewers(client: Client) -> dict[str, int]:
    return {name: len(each.peers) for name, each in (await client.sessions()).items()}


async def first_shown(watching: Watching, prompt: str) -> None:
    async for picture in watching.frames():
        if shows(picture, prompt):
            return
    raise AssertionError("it ended")


async def test_it_ends_with_the_session(client: Client) -> None:
    session_id = await client.begin()
    async with client.watch(session_id) as watching:
        pictures = watching.frames()
        await asyncio.wait_for(anext(pictures), 10)
        await client.end(session_id)
        async with asyncio.timeout(15):
            async for _ in pictures:
                pass
        assert watching.error is not None


async def test_what_does_not_run_can_not_be_watched(client: Client) -> None:
    with pytest.raises(NotFound):
        async with client.watch("nothing"):
            pass

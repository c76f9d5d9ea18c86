"""A stream survives its connections: bad links, dead links, servers that load anew."""

import asyncio
from typing import Any

import pytest

from scope.client.api import Client
from scope.client.errors import ClientError
from scope.client.stream import Stream
from tests.client.conftest import Opener
from tests.rtc.impairment import Impairment
from tests.server.conftest import Live

pytestmark = pytest.mark.anyio
SMALL = {"width": 512, "height": 128, "fps": 30, "frames": 3}


@pytest.fixture
def link(monkeypatch: pytest.MonkeyPatch) -> Impairment:
    return Impairment().install(monkeypatch)


async def until(stream: Stream, state: str) -> None:
    async with asyncio.timeout(20):
        async for event in stream.events():
            if event.kind == "state" and event.body["state"] == state:
                return


def texts(parameters: dict[str, Any]) -> list[str]:
    return [prompt["text"] for prompt in parameters["prompts"]]


async def test_a_dead_link_is_taken_up_again_in_the_same_session_and_no_update_is_lost(
    link: Impairment, opened: Opener, client: Client
) -> None:
    link.loss, link.jitter_s = 0.03, 0.01
    stream = await opened(prompts=[{"text": "before"}], seed=5)
    session_id = stream.id
    await stream.prompt("on the way", steps=0)
    lost = asyncio.create_task(until(stream, "reconnecting"))
    await asyncio.sleep(0)
    link.down = True
    during = [
        asyncio.create_task(each)
        for each in (
            stream.prompt("first", steps=0),
            stream.set(seed=9),
            stream.prompt("second", steps=0),
            stream.prompt("last", steps=0),
        )
    ]
    await lost
    link.down = False
    applied = await asyncio.wait_for(asyncio.gather(*during), 20)
    assert [each.revision for each in applied] == sorted(each.revision for each in applied)
    assert stream.id == session_id
    parameters = await client.parameters(session_id)
    assert texts(parameters) == ["last"]
    assert parameters["seed"] == 9
    assert len(await client.sessions()) == 1


async def test_a_session_that_is_over_begins_anew_with_the_same_wishes(
    live: Live, opened: Opener, client: Client
) -> None:
    stream = await opened(prompts=[{"text": "before"}])
    await stream.prompt("kept", steps=4)
    assert stream.hello is not None
    seed, first = stream.hello.seed, stream.id
    back = asyncio.create_task(until(stream, "streaming"))
    await asyncio.sleep(0)
    await client.load("testcard", **SMALL)
    await back
    assert stream.id != first
    parameters = await client.parameters(stream.id)
    assert (texts(parameters), parameters["seed"]) == (["kept"], seed)


async def test_it_gives_up_when_it_is_no_use(opened: Opener, client: Client) -> None:
    stream = await opened(waits_s=(0.01, 0.01))
    ended = asyncio.create_task(until(stream, "closed"))
    waiting = asyncio.create_task(_pause_and_ask(stream))
    await asyncio.sleep(0)
    await client.unload()
    await ended
    assert isinstance(stream.error, ClientError)
    with pytest.raises(ClientError):
        await waiting


async def test_a_link_that_never_comes_up_says_so(
    link: Impairment, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scope.client.connection.CONNECT_S", 0.5)
    link.down = True
    with pytest.raises(ClientError, match="Is UDP blocked"):
        await opened()


async def _pause_and_ask(stream: Stream) -> None:
    await stream.pause()
    await stream.prompt("too late")

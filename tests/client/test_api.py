"""The client's questions, each answered by a real server."""

import asyncio
from typing import Any

import pytest

from scope.client.api import Client
from scope.client.errors import BadParameter, ClientError, NotFound, NotLoaded, OutOfMemory
from scope.errors import OutOfMemory as EngineOutOfMemory
from scope.protocol.pipeline import PipelineStatusResponse
from tests.server.conftest import Live, live_server, settings_for_tests

pytestmark = pytest.mark.anyio
SMALL = {"width": 512, "height": 128}


async def test_what_there_is(client: Client) -> None:
    assert (await client.health()).status == "healthy"
    assert (await client.hardware()).cpu_count > 0
    assert (await client.pipelines())["testcard"].supported_modes == ["text"]
    (model,) = await client.models()
    assert (model.pipeline_id, model.downloaded) == ("testcard", True)
    assert [progress async for progress in client.download("testcard")] == []
    assert await client.sessions() == {}


async def test_a_load_is_followed_to_its_end(client: Client) -> None:
    seen: list[PipelineStatusResponse] = []
    status = await client.load("testcard", on_progress=seen.append, **SMALL, fps=25)
    assert status.status == "loaded"
    assert status.load_params is not None
    assert status.load_params["fps"] == 25
    assert seen[-1] == status
    await client.unload()
    assert (await client.status()).status == "not_loaded"
    with pytest.raises(NotLoaded):
        async with client.stream("a fox"):
            pass
    assert (await client.load("testcard", wait=False, **SMALL)).pipeline_id == "testcard"


async def test_a_bad_load_names_what_is_wrong(client: Client) -> None:
    with pytest.raises(NotFound, match="testcard"):
        await client.load("nope")
    with pytest.raises(BadParameter) as caught:
        await client.load("testcard", width="wide")
    assert caught.value.field == "width"


async def test_a_load_that_fails_says_why_with_its_code(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: Any, **__: Any) -> None:
        raise EngineOutOfMemory("832x480 needs 26 GB, 22 are free. 576x320 fits.")

    monkeypatch.setattr("scope.pipelines.testcard.TestCard.__init__", no_room)
    with pytest.raises(OutOfMemory, match="576x320 fits"):
        await client.load("testcard")


async def test_running_sessions_are_changed_from_outside(client: Client) -> None:
    with pytest.raises(NotFound):
        await client.parameters()
    async with client.stream("one", seed=3) as stream:
        assert (await client.parameters())["seed"] == 3
        heard = asyncio.create_task(anext(e async for e in stream.events() if e.kind == "applied"))
        answer = await client.change({"prompts": ["two"], "sparkle": 1}, session_id=stream.id)
        assert answer.warnings
        await heard
        assert (await client.parameters(stream.id))["prompts"][0]["text"] == "two"
        assert list(await client.sessions()) == [stream.id]
        assert (await client.picture()).startswith(b"\x89PNG")


async def test_a_server_with_a_key_lets_in_who_has_it() -> None:
    async with live_server(settings_for_tests(api_key="k" * 20)) as live:
        url = str(live.http.base_url)
        async with Client(url) as stranger, Client(url, api_key="k" * 20) as friend:
            with pytest.raises(ClientError) as caught:
                await stranger.status()
            assert caught.value.code == "unauthorized"
            async with friend.stream("a fox") as stream:
                assert stream.id


async def test_nothing_is_left_on_the_server(live: Live, client: Client) -> None:
    async with client.stream("a fox") as stream:
        assert len(live.services.table.sessions) == 1
    assert stream.state == "closed"
    assert not live.services.table.sessions

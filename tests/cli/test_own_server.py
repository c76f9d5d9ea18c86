"""A server that lives as long as a command needs it."""

import asyncio

import pytest

from scope.cli.own_server import own_server
from scope.client.api import Client
from scope.client.errors import ClientError, Unreachable


def test_it_plays_what_was_asked_for_and_is_gone_afterwards() -> None:
    async def scenario() -> None:
        async with (
            own_server(pipeline="testcard", load=["width=640"]) as url,
            Client(url) as client,
        ):
            status = await client.load_ended(timeout_s=60)
            assert status.pipeline_id == "testcard"
            assert (status.load_params or {})["width"] == 640
        async with Client(url) as client:
            with pytest.raises(Unreachable):
                await client.health()

    asyncio.run(scenario())


def test_one_that_does_not_start_is_an_error() -> None:
    async def scenario() -> None:
        with pytest.raises(ClientError, match="did not start"):
            async with own_server(pipeline="testcard", load=["no pair"]):
                pass

    asyncio.run(scenario())

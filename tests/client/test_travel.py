"""A journey through prompts, each reached at its time."""

import asyncio

import pytest

from scope.client.api import Client
from scope.client.travel import travel

pytestmark = pytest.mark.anyio


async def test_every_prompt_is_reached_in_its_order(client: Client) -> None:
    async with client.stream("before") as stream:
        sent = []

        async def listen() -> None:
            sent.extend([e.body async for e in stream.events() if e.kind == "applied"])

        listening = asyncio.create_task(listen())
        await travel(stream, [(0, "one"), (0.3, "two"), (0.6, "three")], seed=9)
        told = await client.parameters(stream.id)
        assert told["prompts"][0]["text"] == "three"
        assert told["seed"] == 9
    await listening
    assert len(sent) == 4  # the cut, the seed and two glides


async def test_a_round_trip_goes_on_until_it_is_cancelled(client: Client) -> None:
    async with client.stream("before") as stream:
        trip = asyncio.create_task(travel(stream, [(0, "one"), (0.1, "two")], loop=True))
        heard = stream.events()
        laps = 0
        async for event in heard:
            laps += event.kind == "applied"
            if laps == 5:
                break
        trip.cancel()
        (ended,) = await asyncio.gather(trip, return_exceptions=True)
        assert isinstance(ended, asyncio.CancelledError)


@pytest.mark.parametrize("keyframes", [[], [(0, "a"), (0, "b")], [(1, "a"), (0, "b")]])
async def test_times_must_rise(client: Client, keyframes: list[tuple[float, str]]) -> None:
    async with client.stream("before") as stream:
        with pytest.raises(ValueError, match=r"journey|rise"):
            await travel(stream, keyframes)

"""Several listeners, each at its own pace."""

import asyncio

import pytest

from scope.client.crowd import Crowd

pytestmark = pytest.mark.anyio


async def hear(crowd: Crowd[int], *, most: int) -> list[int]:
    return [item async for item in crowd.listen(most=most)]


async def test_everybody_hears_everything_from_now_on() -> None:
    crowd: Crowd[int] = Crowd()
    crowd.tell(0)
    listeners = [asyncio.create_task(hear(crowd, most=9)) for _ in range(2)]
    await asyncio.sleep(0)
    assert len(crowd) == 2
    for item in (1, 2, 3):
        crowd.tell(item)
    crowd.end()
    assert await asyncio.gather(*listeners) == [[1, 2, 3], [1, 2, 3]]
    assert len(crowd) == 0


async def test_the_slow_lose_the_oldest() -> None:
    crowd: Crowd[int] = Crowd()
    listener = asyncio.create_task(hear(crowd, most=1))
    await asyncio.sleep(0)
    for item in range(5):
        crowd.tell(item)
    crowd.end()
    assert await listener == [4]


async def test_after_the_end_there_is_nothing_to_wait_for() -> None:
    crowd: Crowd[int] = Crowd()
    crowd.end()
    assert await hear(crowd, most=1) == []

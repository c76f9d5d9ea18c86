"""A session as JPEGs."""

import asyncio
from typing import Any

import numpy as np
import pytest

from scope.errors import AtCapacity
from scope.frames import Frame
from scope.sessions import preview as module
from scope.sessions.preview import Previews, pictures

pytestmark = pytest.mark.anyio


class Session:
    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.player = self
        self.last_frame: Frame | None = None

    def show(self, index: int) -> None:
        pixels = np.full((16, 16, 3), 10 * index, np.uint8)
        self.last_frame = Frame(pixels, index, 0, 0, 0.0)


async def test_each_picture_is_sent_once_until_the_session_ends() -> None:
    session: Any = Session()
    session.show(1)
    stream = pictures(session, fps=1000, quality=50)
    async with asyncio.timeout(5):
        first = await anext(stream)
        assert first.startswith(b"\xff\xd8")
        following = asyncio.ensure_future(anext(stream))
        done, _ = await asyncio.wait({following}, timeout=0.02)
        assert not done
        session.show(2)
        assert await following != first
        session.over.set()
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_only_so_many_are_watched_at_once() -> None:
    session: Any = Session()
    session.show(1)
    previews = Previews(most=1)
    stream = previews.watch(session, fps=1000, quality=50)
    await anext(stream)
    with pytest.raises(AtCapacity):
        previews.check()
    await stream.aclose()
    previews.check()


async def test_a_picture_that_stands_still_is_sent_again_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN_AFTER_S", 0.01)
    session: Any = Session()
    session.show(1)
    stream = pictures(session, fps=1000, quality=50)
    async with asyncio.timeout(5):
        assert await anext(stream) == await anext(stream)
    await stream.aclose()

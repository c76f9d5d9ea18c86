"""A reader who takes nothing ends the answer, not the server."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message, Send

from scope.server import unread
from scope.server.unread import FileAnswer, LiveAnswer, Unread, in_time

pytestmark = pytest.mark.anyio
SCOPE: dict[str, Any] = {"type": "http", "path": "/x", "method": "GET", "headers": []}


class Reader:
    """Takes so many pieces, then stands still."""

    def __init__(self, takes: int) -> None:
        self.taken: list[Message] = []
        self._takes = takes
        self.stands_still = asyncio.Event()

    async def send(self, message: Message) -> None:
        if len(self.taken) == self._takes:
            self.stands_still.set()
            await asyncio.Event().wait()
        self.taken.append(message)

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError


async def test_a_piece_that_is_taken_is_sent_and_an_error_of_the_sender_is_raised() -> None:
    reader = Reader(takes=1)
    await in_time(reader.send, at_most_s=10)({"type": "a"})
    assert reader.taken == [{"type": "a"}]

    async def broken(_: Message) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any
        await in_time(broken, at_most_s=10)({"type": "a"})


async def test_a_piece_that_nobody_takes_is_given_up_in_time() -> None:
    with pytest.raises(Unread):
        await asyncio.wait_for(in_time(Reader(0).send, at_most_s=0.01)({"type": "a"}), 10)


async def test_a_piece_nobody_is_to_have_any_more_waits_only_until_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unread, "LOOK_EVERY_S", 0.01)
    welcome = [True]
    reader = Reader(0)
    send: Send = in_time(reader.send, at_most_s=600, wanted=lambda: welcome[0])
    sending = asyncio.ensure_future(send({"type": "a"}))
    await reader.stands_still.wait()
    done, _ = await asyncio.wait({sending}, timeout=0.05)
    assert not done
    welcome[0] = False
    with pytest.raises(Unread):
        await asyncio.wait_for(sending, 10)


@pytest.mark.parametrize("takes", [0, 1, 3])
async def test_the_pieces_are_closed_when_nobody_reads(
    monkeypatch: pytest.MonkeyPatch, takes: int
) -> None:
    monkeypatch.setattr(unread, "PIECE_AT_MOST_S", 0.01)
    closed: list[bool] = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    reader = Reader(takes)
    answer = LiveAnswer(pieces(), wanted=lambda: True, media_type="image/jpeg", headers={})
    async with asyncio.timeout(10):
        await answer(SCOPE, reader.receive, reader.send)
    assert len(reader.taken) == takes
    assert closed == [True] * (takes > 0)  # without a piece it had not begun


async def test_a_file_that_nobody_reads_is_closed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(unread, "BLOCK_AT_MOST_S", 0.01)
    path = tmp_path / "x.mp4"
    path.write_bytes(bytes(2**20))
    whole, still = Reader(1_000), Reader(3)
    ask: Callable[[Reader], Any] = lambda by: FileAnswer(path)(SCOPE, by.receive, by.send)  # noqa: E731
    async with asyncio.timeout(10):
        await ask(whole)
        await ask(still)
    assert sum(len(each.get("body", b"")) for each in whole.taken) == 2**20
    assert len(still.taken) == 3

"""One connection: how it comes up, how it is lost, and that it is told once."""

import asyncio
from typing import Any

import pytest

from scope.client.connection import Connection, Hooks
from scope.client.errors import ClientError, NotLoaded
from scope.client.http import Http
from tests.rtc.impairment import Impairment
from tests.server.conftest import Live, live_server, settings_for_tests

pytestmark = pytest.mark.anyio


class Notes:
    """What a connection told."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.frames = 0
        self.losses: list[ClientError] = []
        self.first_frame = asyncio.Event()
        self.lost = asyncio.Event()

    def hooks(self) -> Hooks:
        return Hooks(heard=self.messages.append, seen=self._seen, lost=self._lost)

    def _seen(self, frame: object) -> None:
        self.frames += 1
        self.first_frame.set()

    def _lost(self, error: ClientError) -> None:
        self.losses.append(error)
        self.lost.set()


def connection(http: Http, notes: Notes, *, lost_s: float = 8) -> Connection:
    return Connection(http, ice_servers=None, lost_s=lost_s, hooks=notes.hooks())


async def test_it_comes_up_plays_and_frees_the_session(live: Live) -> None:
    notes = Notes()
    async with Http(str(live.http.base_url)) as http:
        made = connection(http, notes)
        await made.open({"seed": 3})
        assert made.is_open
        assert [session.id for session in live.services.table.sessions] == [made.session_id]
        await asyncio.wait_for(notes.first_frame.wait(), 10)
        await made.close(tell=True)
        assert not made.is_open
        assert not live.services.table.sessions
    assert notes.messages[0]["type"] == "hello"
    assert not notes.losses


async def test_silence_is_a_loss_told_once(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    link = Impairment().install(monkeypatch)
    notes = Notes()
    async with Http(str(live.http.base_url)) as http:
        made = connection(http, notes, lost_s=1)
        await made.open({})
        link.down = True
        await asyncio.wait_for(notes.lost.wait(), 10)
        link.down = False
        await made.close(tell=True)
    (loss,) = notes.losses
    assert (loss.code, loss.retryable) == ("connection_lost", True)


async def test_a_refused_offer_is_typed() -> None:
    async with (
        live_server(settings_for_tests(pipeline=None)) as live,
        Http(str(live.http.base_url)) as http,
    ):
        made = connection(http, Notes())
        with pytest.raises(NotLoaded, match="load pipeline first"):
            await made.open({})
        await made.close(tell=True)

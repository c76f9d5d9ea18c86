import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from scope.errors import NegotiationFailed
from scope.rtc import seams
from scope.rtc.api import IceServer, PeerConfig, SdpLimits
from scope.rtc.guard import GuardedOffer, guard_offer
from scope.rtc.link import Link, LinkHooks, _ice_servers
from scope.rtc.track import GeneratedVideoTrack

Run = Callable[[Coroutine[Any, Any, None]], None]
Offers = Callable[[str], str]


class Owned:
    """A link and the tasks it started."""

    def __init__(self, config: PeerConfig | None = None) -> None:
        self.tasks: list[asyncio.Task[Any]] = []
        self.link = Link(
            config=config or PeerConfig(),
            track=GeneratedVideoTrack(),
            with_loopback=True,
            spawn=self._spawn,
            hooks=LinkHooks(*[lambda *_: None] * 7),
        )

    async def close(self) -> None:
        await self.link.close()
        await asyncio.wait(self.tasks, timeout=5)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self.tasks.append(asyncio.ensure_future(work))
        return self.tasks[-1]


def guarded(sdp: str) -> GuardedOffer:
    return guard_offer(sdp, SdpLimits(), prefer=None, client_is_loopback=True)


@pytest.mark.parametrize("name", ["seed", "recvonly", "audio-first", "max-bundle", "gathered"])
def test_every_real_offer_is_answered_section_by_section(
    run: Run, offer: Offers, name: str
) -> None:
    async def scenario() -> None:
        owned, text = Owned(), offer(name)
        answer, codec = await owned.link.answer(guarded(text))
        kinds = [line.split()[0] for line in text.splitlines() if line.startswith("m=")]
        assert [x.split()[0] for x in answer.splitlines() if x.startswith("m=")] == kinds
        assert codec == "VP8"
        assert "a=sendonly" in answer
        await owned.close()

    run(scenario())


def test_an_offer_the_library_can_not_answer_is_refused(run: Run, offer: Offers) -> None:
    async def scenario() -> None:
        owned, fine = Owned(), guarded(offer("seed"))
        broken = GuardedOffer(sdp="v=0\r\nm=x", offer=fine.offer, candidates=())
        with pytest.raises(NegotiationFailed):
            await owned.link.answer(broken)
        await owned.close()

    run(scenario())


def test_a_step_that_hangs_does_not_keep_the_rest_from_closing(run: Run, offer: Offers) -> None:
    async def scenario() -> None:
        owned = Owned(PeerConfig(close_timeout_s=0.05))
        await owned.link.answer(guarded(offer("seed")))
        forever = asyncio.Event()

        async def hang() -> None:
            await forever.wait()

        ended, owned.link._close_connection = owned.link._close_connection, hang
        await owned.close()
        assert seams.ice_of(owned.link._ice)._protocols == []
        await ended()

    run(scenario())


def test_a_step_that_fails_does_not_either(run: Run, offer: Offers) -> None:
    async def scenario() -> None:
        owned = Owned()
        await owned.link.answer(guarded(offer("seed")))

        async def fail() -> None:
            raise AttributeError("as seen with mutated offers")

        ended, owned.link._close_connection = owned.link._close_connection, fail
        await owned.close()
        failed = [task for task in owned.tasks if task.exception() is not None]
        assert [type(task.exception()) for task in failed] == [AttributeError]
        assert seams.ice_of(owned.link._ice)._protocols == []
        await ended()

    run(scenario())


def test_stun_is_used_only_when_wanted_and_never_by_default() -> None:
    server = IceServer(("stun:stun.example:3478", "turn:turn.example:3478"), "u", "c")
    assert _ice_servers(PeerConfig()) == []
    (turn_only,) = _ice_servers(PeerConfig(ice_servers=(server,)))
    assert turn_only.urls == ["turn:turn.example:3478"]
    (both,) = _ice_servers(PeerConfig(ice_servers=(server,), stun_for_server=True))
    assert both.urls == ["stun:stun.example:3478", "turn:turn.example:3478"]
    assert (both.username, both.credential) == ("u", "c")


def test_an_ice_server_that_can_not_be_read_is_left_out() -> None:
    server = IceServer(("turn.example:3478", "turn:[::1]:3478", "turn:t.example"), "u", "c")
    (rest,) = _ice_servers(PeerConfig(ice_servers=(server,)))
    assert rest.urls == ["turn:t.example"]

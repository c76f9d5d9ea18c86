"""Clients always get a usable list, and never wait for it longer than they must."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from scope.clock import ManualClock
from scope.protocol.http import IceServer
from scope.server.ice_servers import IceServers, IceTimes, ice_servers
from scope.server.ice_sources import SourceFailed
from scope.settings import Settings

pytestmark = pytest.mark.anyio
STUN = "stun:stun.example:3478"


class Source:
    """A provider under the test's control."""

    def __init__(self, name: str = "source", *, fails: bool = False, hangs: bool = False) -> None:
        self.name = name
        self.fails = fails
        self.hangs = hangs
        self.asked = 0

    async def fetch(self, *, ttl_s: int, now_s: float) -> list[IceServer]:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self.fails:
            raise SourceFailed("told to")
        return [IceServer(urls="turn:t.example", username=f"{self.name}{self.asked}")]


def servers(*sources: Source, clock: ManualClock, stun: tuple[str, ...] = (STUN,)) -> IceServers:
    return IceServers(
        sources, stun_urls=stun, times=IceTimes(ttl_s=600, timeout_s=0.01), clock=clock
    )


async def test_without_a_source_the_public_stun_server_is_told() -> None:
    ice = servers(clock=ManualClock())
    assert await ice.current() == [IceServer(urls=[STUN])]


async def test_credentials_are_cached_until_a_minute_before_they_end() -> None:
    clock, source = ManualClock(), Source()
    ice = servers(source, clock=clock)
    first = await ice.current()
    clock.advance(539)
    assert await ice.current() == first
    clock.advance(2)
    assert await ice.current() != first
    assert source.asked == 2


async def test_requests_at_the_same_time_share_one_renewal() -> None:
    source = Source()
    ice = servers(source, clock=ManualClock())
    answers = await asyncio.gather(*(ice.current() for _ in range(20)))
    assert source.asked == 1
    assert all(answer == answers[0] for answer in answers)


async def test_the_next_source_is_asked_when_one_fails() -> None:
    ice = servers(Source("a", fails=True), Source("b"), clock=ManualClock())
    assert (await ice.current())[0].username == "b1"


async def test_a_silent_source_costs_only_its_timeout() -> None:
    ice = servers(Source("a", hangs=True), Source("b"), clock=ManualClock())
    assert (await ice.current())[0].username == "b1"


async def test_stun_is_told_when_all_fail_and_the_sources_are_asked_again_later() -> None:
    clock, source = ManualClock(), Source(fails=True)
    ice = servers(source, clock=clock)
    assert await ice.current() == [IceServer(urls=[STUN])]
    await ice.current()
    assert source.asked == 1
    source.fails = False
    clock.advance(31)
    assert (await ice.current())[0].username == "source2"


async def test_without_stun_the_list_may_be_empty() -> None:
    assert await servers(clock=ManualClock(), stun=()).current() == []


class Provider(BaseHTTPRequestHandler):
    """Answers like the Hugging Face TURN service."""

    def do_GET(self) -> None:
        body = b'{"urls": ["turn:t.example"], "username": "u", "credential": "c"}'
        self.send_response(200 if self.headers["Authorization"] == "Bearer good" else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("token", "expected"), [("good", "c"), ("bad", None)])
async def test_over_a_real_connection(token: str, expected: str | None) -> None:
    with provider() as url:
        settings = Settings(hf_token=token, hf_turn_url=url)
        async with AsyncExitStack() as stack:
            ice = await ice_servers(settings, stack=stack, clock=ManualClock())
            assert (await ice.current())[0].credential == expected


async def test_who_can_not_wait_goes_on_and_the_answer_is_there_for_the_next() -> None:
    source = Source()
    ready = asyncio.Event()
    fetch = source.fetch

    async def late(*, ttl_s: int, now_s: float) -> list[IceServer]:
        await ready.wait()
        return await fetch(ttl_s=ttl_s, now_s=now_s)

    source.fetch = late  # type: ignore[method-assign]
    ice = IceServers([source], stun_urls=(STUN,), times=IceTimes(timeout_s=5), clock=ManualClock())
    await ice.soon(at_most_s=0.01)
    assert ice.last_known == [IceServer(urls=[STUN])]
    ready.set()
    await ice.soon(at_most_s=5)
    assert ice.last_known[0].username == "source1"
    await ice.soon(at_most_s=0)  # it is fresh: nobody is asked
    assert source.asked == 1
    await ice.aclose()


async def test_what_is_still_asked_at_the_end_is_given_up() -> None:
    source = Source(hangs=True)
    ice = IceServers([source], stun_urls=(), times=IceTimes(timeout_s=60), clock=ManualClock())
    await ice.soon(at_most_s=0.01)
    async with asyncio.timeout(2):
        await ice.aclose()

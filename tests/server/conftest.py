"""A real server on loopback, in the test's own loop, and a real WebRTC client."""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from scope.engine.inline_engine import InlineEngine
from scope.pipelines.registry import PipelineRef
from scope.server.app import create_app
from scope.server.serving import DrainingServer, listen, uvicorn_config
from scope.settings import Settings

TESTCARD = PipelineRef("scope.pipelines.testcard:TestCard", "testcard")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def settings_for_tests(**changes: Any) -> Settings:
    """Settings that know nothing of the machine's environment that matters here."""
    defaults: dict[str, Any] = {
        "port": 0,
        "pipeline": "testcard",
        "load_params": {"width": 512, "height": 128, "fps": 30, "frames": 3},
        "engine": "inline",
        "stun_urls": (),
        "failed_offers_burst": 1000,
        "recordings_folder": Path(tempfile.gettempdir()) / "scope-test-recordings",
    }
    return Settings(**{**defaults, **changes})


@dataclass
class Live:
    """A running server."""

    http: httpx2.AsyncClient
    settings: Settings
    app: Any
    engine: InlineEngine

    @property
    def services(self) -> Any:
        return self.app.state.services

    async def loaded(self) -> None:
        await self.services.desk.started(at_most_s=10)


@asynccontextmanager
async def live_server(
    settings: Settings | None = None, *, pipelines: Sequence[PipelineRef] = (TESTCARD,)
) -> AsyncIterator[Live]:
    """Start a server, and stop it without leaving anything."""
    settings = settings or settings_for_tests()
    engine = InlineEngine(pipelines)
    app = create_app(settings, engine)
    listener = listen(settings)
    started = asyncio.Event()
    server = DrainingServer(uvicorn_config(app), settings=settings, started=started.set)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    await started.wait()
    try:
        async with httpx2.AsyncClient(base_url=url, timeout=15, trust_env=False) as http:
            live = Live(http, settings, app, engine)
            await live.loaded()
            yield live
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    async with live_server() as running:
        yield running


@dataclass
class Client:
    """A WebRTC client that does what the documentation's page does."""

    pc: RTCPeerConnection
    channel: RTCDataChannel | None
    notices: list[dict[str, Any]] = field(default_factory=list)
    frames: list[Any] = field(default_factory=list)
    session_id: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def offer_sdp(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return str(self.pc.localDescription.sdp)

    async def accept(self, sdp: str) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    async def start(
        self, http: httpx2.AsyncClient, *, resume: dict[str, str] | None = None, **parameters: Any
    ) -> dict[str, Any]:
        body: dict[str, Any] = {"sdp": await self.offer_sdp(), "type": "offer"}
        body |= {"initialParameters": parameters} | ({"resume": resume} if resume else {})
        answer = await http.post("/api/v1/webrtc/offer", json=body)
        assert answer.status_code == 200, answer.text
        self.session_id = answer.json()["sessionId"]
        await self.accept(answer.json()["sdp"])
        return dict(answer.json())

    async def watch(self, http: httpx2.AsyncClient, query: str = "") -> httpx2.Response:
        answer = await http.post(
            f"/whep{query}",
            content=await self.offer_sdp(),
            headers={"Content-Type": "application/sdp"},
        )
        assert answer.status_code == 201, answer.text
        await self.accept(answer.text)
        return answer

    def say(self, **message: Any) -> None:
        assert self.channel is not None
        self.channel.send(json.dumps(message))

    async def until(self, done: Callable[[], Any], *, within_s: float = 10) -> None:
        """Wait for something to become true; looked at whenever something arrives."""
        async with asyncio.timeout(within_s):
            while not done():
                self.news.clear()
                await self.news.wait()

    async def notice(self, kind: str, *, within_s: float = 10, **expected: Any) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            wanted = {"type": kind, **expected}
            return [n for n in self.notices if wanted.items() <= n.items()]

        await self.until(found, within_s=within_s)
        return found()[0]

    async def has_frames(self, number: int) -> None:
        await self.until(lambda: len(self.frames) >= number)

    async def close(self) -> None:
        await self.pc.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def new_client(*, channel: bool = True, video: bool = True) -> Client:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    data = pc.createDataChannel("parameters") if channel else None
    client = Client(pc, data)
    if video:
        pc.addTransceiver("video", direction="recvonly")

    @pc.on("track")
    def on_track(track: MediaStreamTrack) -> None:
        client.tasks.append(asyncio.create_task(receive(client, track)))

    if data is not None:

        @data.on("message")
        def on_message(text: str) -> None:
            client.notices.append(json.loads(text))
            client.news.set()

    return client


async def receive(client: Client, track: MediaStreamTrack) -> None:
    with contextlib.suppress(MediaStreamError):
        while True:
            client.frames.append(await track.recv())
            client.news.set()


@pytest.fixture
async def make_client() -> AsyncIterator[Callable[..., Client]]:
    """Makes clients and closes them at the end."""
    made: list[Client] = []

    def make(**options: Any) -> Client:
        made.append(new_client(**options))
        return made[-1]

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    """A client with a data channel."""
    return make_client()


@pytest.fixture
def second(make_client: Callable[..., Client]) -> Client:
    """A player: no data channel."""
    return make_client(channel=False)


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """Starts a server with changed settings."""
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> Live:
            return await stack.enter_async_context(live_server(settings_for_tests(**changes)))

        yield start

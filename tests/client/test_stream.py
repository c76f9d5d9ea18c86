"""A stream as a program uses it, from a real server over real WebRTC."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from scope.client.api import Client
from scope.client.errors import BadParameter, StreamStopped, Unauthorized
from scope.client.stream import Stream
from scope.client.values import Picture, Prompt
from tests.server.conftest import Client as Peer
from tests.server.conftest import Live, new_client

pytestmark = pytest.mark.anyio


def shows(picture: Picture, prompt: str) -> bool:
    """Whether the test card has the colour of `prompt`."""
    wanted = [40 + byte % 176 for byte in hashlib.sha256(prompt.encode()).digest()[:3]]
    seen = picture.pixels[8:40, 8:100].reshape(-1, 3).mean(axis=0)
    return bool(np.abs(seen - wanted).max() < 20)


async def first_with(stream: Stream, prompt: str) -> Picture:
    async with asyncio.timeout(10):
        async for picture in stream.frames():
            if shows(picture, prompt):
                return picture
    raise AssertionError("the stream ended")


async def test_a_prompt_is_in_the_picture_once_it_is_applied(client: Client) -> None:
    async with client.stream("one", seed=42) as stream:
        await first_with(stream, "one")
        assert stream.state == "streaming"
        assert stream.hello is not None
        assert (stream.hello.seed, stream.hello.width) == (42, 512)
        applied = await stream.prompt("two", steps=2)
        assert applied.elapsed_s > 0
        await first_with(stream, "two")
        again = await stream.prompt(Prompt("three", 2.0), "one", cut=True)
        assert again.first_frame > applied.first_frame
        await first_with(stream, "three")


async def test_pictures_come_in_other_formats_and_all_of_them_where_asked(client: Client) -> None:
    async with client.stream("one") as stream:
        stamps = []
        async for picture in stream.frames(format="yuv420p", latest=False):
            assert picture.pixels.shape == (192, 512)
            stamps.append(picture.rtp_timestamp)
            if len(stamps) == 10:
                break
        assert stamps == sorted(stamps)


async def test_a_pause_holds_and_a_change_waits_for_its_end(client: Client) -> None:
    async with client.stream("one") as stream:
        await stream.pause()
        assert stream.state == "paused"
        await stream.pause()  # a second one is no different
        change = asyncio.create_task(stream.prompt("two", steps=0))
        await asyncio.sleep(0)
        await stream.resume()
        await change
        await first_with(stream, "two")
        assert stream.state == "streaming"


async def test_a_value_the_server_refuses_is_named_and_the_stream_goes_on(client: Client) -> None:
    async with client.stream("one") as stream:
        with pytest.raises(BadParameter) as caught:
            await stream.set(seed="x")
        assert caught.value.field == "seed"
        await stream.reset()


async def test_a_snapshot_says_what_made_it(client: Client, tmp_path: Path) -> None:
    async with client.stream("one", seed=7) as stream:
        await first_with(stream, "one")
        picture = await stream.snapshot(tmp_path / "shot.png")
        assert picture.info["prompt"] == "one"
        assert picture.info["seed"] == "7"
    with Image.open(tmp_path / "shot.png") as saved:
        assert saved.size == (512, 128)


async def test_figures_and_states_are_events(client: Client) -> None:
    async with client.stream("one") as stream:
        async for event in stream.events():
            if event.kind == "stats":
                break
        assert stream.stats is not None
        assert stream.stats.fps > 0


async def test_the_end_is_told_to_whoever_still_waits(client: Client) -> None:
    async with client.stream("one") as stream:
        await stream.pause()
        waiting = asyncio.create_task(stream.prompt("two"))
        kinds: list[Any] = []

        async def listen() -> None:
            kinds.extend([event.body.get("state") async for event in stream.events()])

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
    with pytest.raises(StreamStopped):
        await waiting
    await listening
    assert kinds[-1] == "closed"
    with pytest.raises(StreamStopped):
        await stream.prompt("three")


async def test_a_recording_is_brought_here(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    async with client.stream("one") as stream:
        await first_with(stream, "one")
        await stream.record(path, seconds=1)
        with pytest.raises(FileNotFoundError):
            await stream.record(tmp_path / "no" / "where.mp4")
    with av.open(path) as film:
        assert film.streams.video[0].width == 512
        assert film.duration is not None
        assert film.duration / av.time_base > 0.5


async def held_by(stream: Stream, holder: str) -> None:
    """Wait until the stream is controlled so."""
    events = stream.events()
    async with asyncio.timeout(10):
        while stream.control is None or stream.control.holder != holder:
            await anext(events)


@contextlib.asynccontextmanager
async def peer() -> AsyncIterator[Peer]:
    """Somebody else, with a data channel."""
    made = new_client()
    try:
        yield made
    finally:
        await made.close()


async def taken_over(live: Live, other: Peer) -> None:
    """Another peer watches, and takes control."""
    await other.watch(live.http)
    peer_id = (await other.notice("control"))["peerId"]
    answer = await live.http.post("/api/v1/session/control", json={"peer_id": peer_id})
    assert answer.status_code == 200


async def test_control_that_somebody_takes_over_is_told_and_taken_back(
    client: Client, live: Live
) -> None:
    async with client.stream("one") as stream, peer() as other:
        await held_by(stream, "you")
        await taken_over(live, other)
        await held_by(stream, "other")
        with pytest.raises(Unauthorized):
            await stream.prompt("two", steps=0)
        await stream.take_control()
        await held_by(stream, "you")
        await other.notice("control", holder="other")
        await stream.prompt("two", steps=0)
        await first_with(stream, "two")


async def test_who_lost_control_leaves_without_ending_the_stream(
    client: Client, live: Live
) -> None:
    async with peer() as other:
        async with client.stream("one") as stream:
            await taken_over(live, other)
            await held_by(stream, "other")
        await other.has_frames(len(other.frames) + 3)
        assert not [each for each in other.notices if each["type"] == "stream_stopped"]

"""A real WebRTC client that is no browser, and faults injected from outside."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2

from bench.card import read_card
from bench.process import worker_pid
from bench.viewer import Picture, Refused, Viewer


def run(base: str, main: Callable[[httpx2.AsyncClient], Coroutine[Any, Any, None]]) -> None:
    """Run `main` with an HTTP client of the server."""

    async def with_http() -> None:
        async with httpx2.AsyncClient(base_url=base, timeout=20) as http:
            await main(http)

    asyncio.run(asyncio.wait_for(with_http(), 60))


def wait_for_colour(viewer: Viewer, prompt: str) -> asyncio.Future[Picture]:
    """Done with the first picture whose patch has the colour of `prompt`."""
    found: asyncio.Future[Picture] = asyncio.get_running_loop().create_future()

    def look(picture: Picture) -> None:
        card = read_card(picture.frame.to_ndarray(format="rgb24"))
        if card and card.shows(prompt) and not found.done():
            found.set_result(picture)

    viewer.on_picture(look)
    return found


def test_a_prompt_changes_the_picture_and_is_confirmed_with_the_frame_that_shows_it(
    server: Any,
) -> None:
    async def main(http: httpx2.AsyncClient) -> None:
        viewer = Viewer(http, decode=True)
        await viewer.start({"prompts": [{"text": "one", "weight": 1.0}]})
        await viewer.channel_open()
        await asyncio.wait_for(wait_for_colour(viewer, "one"), 10)
        changed = wait_for_colour(viewer, "two")
        viewer.send({"prompts": [{"text": "two"}], "_id": "mine"})
        picture = await asyncio.wait_for(changed, 10)
        applied = await viewer.notice("applied")
        assert applied["_id"] == "mine"
        assert applied["rtp_timestamp"] == picture.wire.timestamp % 2**32
        await viewer.close()

    run(server.base, main)


def test_a_killed_worker_is_told_within_a_second_and_a_new_offer_plays_within_ten(
    serve: Any,
) -> None:
    server = serve()

    async def main(http: httpx2.AsyncClient) -> None:
        viewer = Viewer(http)
        await viewer.start()
        await viewer.channel_open()
        await viewer.first_frame()
        killed_s = time.monotonic()
        os.kill(worker_pid(server.process.pid), signal.SIGKILL)
        notice = await viewer.notice("stream_stopped", timeout_s=5)
        assert time.monotonic() - killed_s <= 1.0
        assert notice["error_message"]
        await viewer.close()
        assert sum(body["type"] == "stream_stopped" for _, body in viewer.notices) == 1
        await plays_again(http)
        assert time.monotonic() - killed_s <= 10.0

    run(server.base, main)


async def plays_again(http: httpx2.AsyncClient) -> None:
    """Offer, as the documented client does, until one is taken; wait for a picture."""
    while True:
        viewer = Viewer(http)
        try:
            await viewer.start()
        except Refused:
            await asyncio.sleep(0.2)
            continue
        await viewer.first_frame()
        await viewer.close()
        return


def test_a_termination_signal_tells_viewers_before_the_server_ends(serve: Any) -> None:
    server = serve()

    async def main(http: httpx2.AsyncClient) -> None:
        viewer = Viewer(http)
        await viewer.start()
        await viewer.channel_open()
        await viewer.first_frame()
        server.process.send_signal(signal.SIGTERM)
        await viewer.notice("draining", timeout_s=5)
        notice = await viewer.notice("stream_stopped", timeout_s=12)
        assert notice["error_message"]
        await viewer.close(tell=False)

    run(server.base, main)
    assert server.process.wait(timeout=12) == 0
    assert "Traceback" not in server.log_text()


def test_a_second_peer_watches_the_same_stream_over_whep(server: Any) -> None:
    async def main(http: httpx2.AsyncClient) -> None:
        viewer = Viewer(http)
        await viewer.start({"prompts": ["shared"]})
        await viewer.first_frame()
        guest = Viewer(http, decode=True)
        await guest.watch(viewer.session_id)
        await asyncio.wait_for(wait_for_colour(guest, "shared"), 10)
        await guest.close()
        await viewer.close()

    run(server.base, main)

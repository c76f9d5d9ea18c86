"""The script of the API's documentation, unchanged, from an app developer's own dev server."""

import asyncio
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from bench.card import colour_of

ROOT = Path(__file__).parents[2]
PLACES = ("../shared/seed/receive-video.md", "../../shared/seed/receive-video.md")
WANTED = ("async function startReceiveStream", "function transitionToPrompt", "function stopStream")
PATIENCE_MS = 15_000


@pytest.fixture(scope="module")
def script() -> str:
    """The blocks of the page that define its functions, as they stand there."""
    page = next((path for place in PLACES if (path := ROOT / place).is_file()), None)
    if page is None:
        pytest.skip(f"the documentation's page is not there: {' or '.join(PLACES)}")
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```javascript[^\n]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join(next(block for block in blocks if start in block) for start in WANTED)


@pytest.fixture
def app(script: str) -> Iterator[str]:
    """URL of a page of another (loopback) origin that holds the script and a video element."""
    page = (
        "<!doctype html><link rel='icon' href='data:,'>"
        "<video id='video' autoplay muted playsinline></video>"
        f"<script>var dataChannel, pc, sessionId;\n{script}</script>"
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://localhost:{http.server_port}/"
        http.shutdown()
        thread.join()


def test_the_documented_script_plays_changes_and_ends(
    server: Any, open_page: Any, app: str
) -> None:
    async def main() -> None:
        # The script names port 8000; the browser is told where that is.
        mapped = f"--host-resolver-rules=MAP localhost:8000 127.0.0.1:{server.port}"
        async with open_page(mapped) as page:
            await page.goto(app)
            await page.evaluate(
                "async () => {"
                " ({ pc, dataChannel, sessionId } = await startReceiveStream('a red barn')); }"
            )
            await shows(page, "a red barn")
            await page.wait_for_function("() => advancedBy(30)", timeout=PATIENCE_MS)

            await page.evaluate("() => updatePrompt('a blue boat')")
            await shows(page, "a blue boat")

            await page.evaluate("() => transitionToPrompt('a white tower', 2)")
            await shows(page, "a white tower")

            await page.evaluate(
                "() => fetch(`http://localhost:8000/api/v1/webrtc/offer/${sessionId}`,"
                " { method: 'DELETE' })"
            )
            await page.wait_for_function(
                "() => pc.connectionState === 'closed'", timeout=PATIENCE_MS
            )
            heard = await page.evaluate("() => heard")
            assert [message["type"] for message in heard].count("stream_stopped") == 1
            # It may hear which of its keys the test card has no use for, never a refusal.
            severities = {message.get("severity") for message in heard}
            assert "error" not in severities, heard

    asyncio.run(main())


async def shows(page: Page, prompt: str) -> None:
    """Wait until the patch has the colour of `prompt`."""
    colour = list(colour_of(prompt))
    await page.wait_for_function("colour => shows(colour)", arg=colour, timeout=PATIENCE_MS)

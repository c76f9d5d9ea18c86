"""What the README and docs/javascript.md show runs on a page of another origin."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.hands import PATIENCE_MS

ROOT = Path(__file__).parents[2]
PAGE = """<!doctype html><html lang="en"><title>mine</title><link rel="icon" href="data:,">
<video autoplay muted playsinline></video>
<script type="module">%s</script></html>"""


def snippet(page: str) -> str:
    found = re.search(r"```js\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert found
    return found.group(1)


@contextmanager
def elsewhere(body: str) -> Iterator[str]:
    """The address of a page of another origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{http.server_port}/"
        finally:
            http.shutdown()
            thread.join()


@pytest.mark.parametrize("page", ["docs/javascript.md", "README.md"])
def test_the_example_plays_and_its_prompt_is_applied(
    tunable: Any, chromium: Any, page: str
) -> None:
    text = snippet(page)
    assert "http://localhost:8000" in text
    context = chromium.new_context()
    context.add_init_script(path=Path(__file__).with_name("card.js"))
    mine = context.new_page()
    with elsewhere(PAGE % text.replace("http://localhost:8000", tunable.base)) as address:
        mine.goto(address)
        mine.wait_for_function("() => window.advancedBy(10)", timeout=PATIENCE_MS)
        if "document.title" in text:
            mine.wait_for_function(
                "() => /^chunk [0-9]+$/.test(document.title)", timeout=PATIENCE_MS
            )
        context.close()

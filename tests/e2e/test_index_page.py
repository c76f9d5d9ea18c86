"""The first page: one key to a picture, another to change it, words for every state."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from bench.card import colour_of

PATIENCE_MS = 15_000
SIZES = [(360, 740), (768, 1024), (1440, 900), (3840, 2160)]


def listen(page: Page) -> list[str]:
    """Errors the page complains about, collected as they come."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    return complaints


async def phase(page: Page, name: str) -> None:
    """Wait until the page is in that state."""
    await page.wait_for_function(
        "name => document.body.dataset.phase === name", arg=name, timeout=PATIENCE_MS
    )


async def says(page: Page, text: str) -> None:
    """Wait until the status line contains `text`."""
    await page.wait_for_function(
        "text => document.querySelector('#status').textContent.includes(text)",
        arg=text,
        timeout=PATIENCE_MS,
    )


async def shows(page: Page, prompt: str) -> None:
    """Wait until the patch has the colour of `prompt`."""
    await page.wait_for_function(
        "colour => shows(colour)", arg=list(colour_of(prompt)), timeout=PATIENCE_MS
    )


def test_the_keyboard_alone_starts_changes_cuts_and_stops(
    server: Any, open_page: Any, tmp_path: Path
) -> None:
    async def main() -> None:
        async with open_page() as page:
            complaints = listen(page)
            await page.goto(server.base)
            await phase(page, "ready")
            assert await page.evaluate("document.activeElement.id") == "prompt"
            await page.screenshot(path=tmp_path / "ready.png")

            await page.keyboard.press("Enter")
            await phase(page, "streaming")
            await shows(page, await page.input_value("#prompt"))
            await page.wait_for_function("() => advancedBy(20)", timeout=PATIENCE_MS)

            await page.keyboard.press("Control+A")
            await page.keyboard.type("a neon city")
            await page.keyboard.press("Enter")
            await shows(page, "a neon city")
            await says(page, "First picture of the new prompt after")

            await page.keyboard.press("Control+A")
            await page.keyboard.type("golden dunes")
            await page.keyboard.press("Shift+Enter")
            await shows(page, "golden dunes")
            await says(page, "Cut after")
            await page.wait_for_function(
                "() => /^[1-9]/.test(document.querySelector('#fps').textContent)"
                " && /^[1-9]/.test(document.querySelector('#delay').textContent)",
                timeout=PATIENCE_MS,
            )
            await page.screenshot(path=tmp_path / "streaming.png")

            await page.keyboard.press("Escape")
            await page.keyboard.press(".")
            await phase(page, "ready")
            assert not complaints

    asyncio.run(main())


def test_a_lost_server_is_said_and_the_page_plays_again_by_itself(
    serve: Any, open_page: Any, tmp_path: Path
) -> None:
    server = serve()

    async def main() -> None:
        async with open_page() as page:
            await page.goto(server.base)
            await phase(page, "ready")
            await page.keyboard.press("Enter")
            await phase(page, "streaming")
            server.process.kill()
            await phase(page, "reconnecting")
            problem = await page.text_content("#problem")
            assert "Trying again in" in problem
            assert "prompt and seed are kept" in problem
            await page.screenshot(path=tmp_path / "reconnecting.png")

            again = serve(port=server.port)
            await phase(page, "streaming")
            assert again.process.poll() is None

    asyncio.run(main())


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_is_cut_off_from_a_phone_to_a_wall(
    server: Any, open_page: Any, tmp_path: Path, width: int, height: int
) -> None:
    async def main() -> None:
        async with open_page(width=width, height=height, reduced_motion=True) as page:
            await page.goto(server.base)
            await phase(page, "ready")
            await page.screenshot(path=tmp_path / f"{width}.png")
            outside = await page.evaluate(
                """() => ["header", "main", "#prompt", "#send", "#status", "#full-screen"]
                    .filter((name) => {
                        const box = document.querySelector(name).getBoundingClientRect();
                        return box.width === 0 || box.left < 0 || box.top < 0
                            || box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
                    })"""
            )
            assert outside == []
            small = await page.evaluate(
                """() => [...document.querySelectorAll("button, a")]
                    .filter((one) => one.offsetParent)
                    .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < 24)
                    .map((one) => one.id || one.textContent)"""
            )
            assert small == []

    asyncio.run(main())

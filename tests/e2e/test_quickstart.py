"""The smallest page, as served, in a real browser; candidates are mDNS names here."""

import asyncio
from typing import Any

from playwright.async_api import Page

from bench.card import colour_of

PATIENCE_MS = 15_000


async def shows(page: Page, prompt: str) -> None:
    """Wait until the patch has the colour of `prompt`."""
    colour = list(colour_of(prompt))
    await page.wait_for_function("colour => shows(colour)", arg=colour, timeout=PATIENCE_MS)


def test_a_prompt_becomes_moving_pictures_and_a_glide_changes_them(
    server: Any, open_page: Any
) -> None:
    async def main() -> None:
        async with open_page() as page:
            await page.goto(f"{server.base}/quickstart")
            await page.fill("#prompt", "a calm sea")
            await page.press("#prompt", "Enter")
            await shows(page, "a calm sea")
            await page.wait_for_function("() => advancedBy(30)", timeout=PATIENCE_MS)

            await page.fill("#prompt", "a green valley")
            await page.press("#prompt", "Enter")
            await shows(page, "a green valley")

            await page.click("#stop")
            await page.wait_for_function(
                "() => document.querySelector('#status').textContent === 'Stopped.'"
            )

    asyncio.run(main())


def test_delete_from_elsewhere_ends_the_stream_with_exactly_one_message(
    server: Any, open_page: Any
) -> None:
    async def main() -> None:
        async with open_page() as page:
            await page.goto(f"{server.base}/quickstart")
            await page.press("#prompt", "Enter")
            await page.wait_for_function("() => advancedBy(5)", timeout=PATIENCE_MS)
            # A channel of our own keeps listening where the page would have closed it.
            await page.evaluate("() => { window.stop = () => {}; }")
            session = await page.evaluate("() => session")
            await page.evaluate(
                "session => fetch(`/api/v1/webrtc/offer/${session}`, { method: 'DELETE' })", session
            )
            await page.wait_for_function(
                "() => pc.connectionState !== 'connected' || channel.readyState === 'closed'",
                timeout=PATIENCE_MS,
            )
            heard = await page.evaluate("() => heard.map(message => message.type)")
            assert heard.count("stream_stopped") == 1
            assert heard[-1] == "stream_stopped"

    asyncio.run(main())

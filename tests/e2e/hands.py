"""What a reader of the page does and sees, in words."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from bench.card import colour_of

PATIENCE_MS = 40_000


def phase(page: Page, name: str) -> None:
    """Wait until the page is in that state."""
    page.wait_for_function(
        "name => document.body?.dataset.phase === name", arg=name, timeout=PATIENCE_MS
    )


def says(page: Page, text: str, place: str = "#status") -> None:
    """Wait until a line contains `text`."""
    page.wait_for_function(
        "([place, text]) => document.querySelector(place).textContent.includes(text)",
        arg=[place, text],
        timeout=PATIENCE_MS,
    )


def shows(page: Page, prompt: str) -> None:
    """Wait until the test card has the colour of `prompt`."""
    page.wait_for_function(
        "colour => shows(colour)", arg=list(colour_of(prompt)), timeout=PATIENCE_MS
    )


def plays(page: Page) -> None:
    """Wait until pictures move."""
    page.wait_for_function("() => advancedBy(10)", timeout=PATIENCE_MS)


def command(page: Page, words: str) -> None:
    """Find a command by its words and run it."""
    page.keyboard.press("Control+k")
    page.wait_for_selector("dialog[open] input:focus")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def offers(page: Page) -> list[str]:
    """The buttons of the state."""
    return page.locator(".offers button:visible").all_text_contents()


def serious(page: Page) -> list[str]:
    """What axe finds on the page that keeps somebody out."""
    found: Any = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def outside(page: Page) -> Any:
    """How far the page can be pushed sideways."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")

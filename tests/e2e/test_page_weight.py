"""What the page weighs in a fresh browser, and what is fetched only when somebody wants it."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from tests.e2e.hands import phase, plays, says

WEB = Path(__file__).parents[2] / "src" / "scope" / "web"
OTHER_PAGES = {"output.html", "output.js", "output.css", "quickstart.html"}
MOST_BYTES = 150_000

WEIGHED = """() => performance.getEntries()
    .filter(({ entryType, name }) => ["navigation", "resource"].includes(entryType)
        && !name.includes("/api/"))
    .map(({ name, encodedBodySize: sent, decodedBodySize: unpacked }) =>
        [new URL(name).pathname.split("/").at(-1) || "index.html", sent, unpacked])
"""


def weighed(page: Page) -> dict[str, tuple[int, int]]:
    """Bytes of every file the browser has fetched for the page: as sent, and unpacked."""
    return {name: (sent, unpacked) for name, sent, unpacked in page.evaluate(WEIGHED)}


def test_the_first_picture_needs_less_than_150_kilobytes(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    plays(page)
    page.wait_for_selector("scope-timeline button")  # all a wide screen shows
    files = weighed(page)
    print(f"{len(files)} files, bytes sent and unpacked: {total(files)}")
    assert {"index.html", "client.js", "app.js", "timeline-strip.js"} <= files.keys()
    assert all(unpacked > 0 for _, unpacked in files.values())
    assert total(files)[1] < MOST_BYTES
    assert not {"help.js", "palette.js", "settings.js", "library.js", "panels.css"} & files.keys()


def test_everything_on_the_page_comes_in_less_than_150_kilobytes(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    plays(page)
    page.locator(".add").click()
    page.wait_for_selector(".blend input[type=text]:focus")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.get_by_label("Soften flashes").check()
    page.get_by_label("Seed", exact=True).press("Escape")
    with page.expect_download():
        page.keyboard.press("c")
    for key in ("?", "Control+k"):
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Model:").click()
    page.wait_for_selector("dialog[open] .card")
    page.keyboard.press("Escape")
    with page.expect_download():
        page.get_by_role("button", name="Save the timeline as a file").click()
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement !== null")
    page.wait_for_function(f"() => ({WEIGHED})().some(([name]) => name === 'downloads.js')")
    for name in ("words-later", "access", "key-form"):  # of a server with a key
        page.evaluate(f"() => import('/web/{name}.js')")
    files = weighed(page)
    print(f"{len(files)} files, bytes sent and unpacked: {total(files)}")
    unseen = {path.name for path in WEB.iterdir() if path.is_file()} - files.keys() - OTHER_PAGES
    assert unseen <= {"dusk.svg", "icon.svg"}
    assert total(files)[0] < MOST_BYTES


def total(files: dict[str, tuple[int, int]]) -> tuple[int, int]:
    return sum(sent for sent, _ in files.values()), sum(unpacked for _, unpacked in files.values())


def test_keys_wait_while_the_panel_they_are_meant_for_is_on_its_way(
    tunable: Any, browse: Any
) -> None:
    page = browse(tunable.base)
    held: list[Route] = []
    page.route("**/web/palette.js", lambda route: held.append(route))  # noqa: PLW0108 - its signature is read
    phase(page, "ready")
    page.keyboard.press("Escape")
    with page.expect_request("**/web/palette.js"):
        page.keyboard.press("Control+k")
    page.keyboard.press("]")
    held[0].continue_()
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.keyboard.press("]")
    says(page, "Prompts glide over 9 chunks.")


def test_a_panel_that_does_not_come_is_said_and_asked_for_again(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    page.route("**/web/panels.css", lambda route: route.abort())
    phase(page, "ready")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    says(page, "panels.css did not come", "#problem")
    page.unroute_all()
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")

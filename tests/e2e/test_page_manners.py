"""How the page treats people: fingers, little motion, flashes, help for each error, no pop-ups."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from tests.e2e.hands import outside, phase

WEB = Path(__file__).parents[2] / "src" / "scope" / "web"
TOO_SMALL = """() => [...document.querySelectorAll("button, summary, select, textarea, input")]
    .map((one) => (one.matches("[type=checkbox]") ? one.closest("label") ?? one : one))
    .filter((one) => one.offsetParent && Math.min(one.offsetWidth, one.offsetHeight) < 44)
    .map((one) => `${one.id || one.className} ${one.offsetWidth}×${one.offsetHeight}`)
"""
MOVING = "() => document.getAnimations().filter(({ playState }) => playState === 'running').length"


@pytest.mark.parametrize(("width", "height"), [(360, 740), (768, 1024)])
def test_fingers_find_every_control(tunable: Any, browse: Any, width: int, height: int) -> None:
    page = browse(tunable.base, width=width, height=height, touch=True)
    phase(page, "ready")
    page.locator(".add").tap()
    page.wait_for_selector(".blend input[type=text]:focus")
    page.locator("#settings").tap()
    page.wait_for_selector("scope-settings input")
    assert page.evaluate(TOO_SMALL) == []
    assert outside(page) <= 0
    page.locator("#help").tap()
    page.wait_for_selector("dialog[open]")
    assert page.evaluate(TOO_SMALL) == []


def connecting(page: Page) -> None:
    """In a state with a bar that moves, for as long as the test looks."""
    phase(page, "ready")
    page.route("**/api/v1/webrtc/offer", lambda route: None)
    page.keyboard.press("Enter")
    phase(page, "connecting")


def test_who_wants_little_motion_gets_none_and_longer_glides(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    connecting(page)
    assert page.evaluate(MOVING) > 0
    assert page.input_value("#glide") == "8"
    page.unroute_all(behavior="ignoreErrors")
    page = browse(tunable.base, calm=True)
    connecting(page)
    assert page.evaluate(MOVING) == 0
    assert page.input_value("#glide") == "16"
    page.unroute_all(behavior="ignoreErrors")


def test_flashes_are_softened_as_was_said_last(tunable: Any, browse: Any) -> None:
    """Also while the module for it is still coming."""
    page = browse(tunable.base)
    phase(page, "ready")
    page.evaluate("window.softening = 0")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/web/soften.js", hold)
    page.locator("#settings").click()
    box = page.get_by_label("Soften flashes")
    with page.expect_request("**/web/soften.js"):
        box.click()
    page.get_by_role("button", name="Lock the seed").click()
    page.get_by_role("button", name="Lock the seed", pressed=True).wait_for()  # drawn anew
    assert box.is_checked()
    for _ in range(2):
        box.click()
    assert box.is_checked()
    held[0].fulfill(
        content_type="text/javascript",
        body="export const soften = () => { softening += 1; return () => { softening -= 1; }; };",
    )
    page.wait_for_function("() => softening === 1")
    box.click()
    page.wait_for_function("() => softening === 0")


def test_flashes_that_cannot_be_softened_are_not_said_to_be(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    page.route("**/web/soften.js", lambda route: route.abort())
    page.locator("#settings").click()
    box = page.get_by_label("Soften flashes")
    box.click()
    page.get_by_text("soften.js").wait_for()
    assert not box.is_checked()
    page.unroute_all(behavior="ignoreErrors")
    box.click()
    page.get_by_text("Flashes are being softened.").wait_for()
    assert box.is_checked()


def test_flashing_pictures_are_dimmed_until_they_are_still(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    page.evaluate(
        """async () => {
            const { soften } = await import("/web/soften.js");
            const make = (tag, about) => Object.assign(document.createElement(tag), about);
            const canvas = make("canvas", { width: 64, height: 48 });
            const context = canvas.getContext("2d");
            const video = make("video", { muted: true, id: "flashing" });
            document.body.append(video);
            video.srcObject = canvas.captureStream(30);
            window.flashes = true;
            let bright = false;
            setInterval(() => {
                bright = flashes && !bright;
                context.fillStyle = bright ? "white" : "black";
                context.fillRect(0, 0, 64, 48);
            }, 60);
            await video.play();
            soften(video);
        }"""
    )
    page.wait_for_selector("#flashing.softened", state="attached")
    page.evaluate("() => { flashes = false; }")
    page.wait_for_selector("#flashing:not(.softened)", state="attached")


def test_each_error_has_help_of_its_own(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    codes = ["of_another_time"]
    for file, start in (
        ("words.js", "const REMEDIES = {"),
        ("words-later.js", "assign(REMEDIES, {"),
    ):
        remedies = (WEB / file).read_text(encoding="utf-8").partition(start)[2].partition("}")[0]
        codes += re.findall(r"^  ([a-z_]+):", remedies, re.MULTILINE)
    assert len(codes) > 15
    for code in codes:
        page.evaluate(
            "code => document.dispatchEvent("
            "new CustomEvent('act', { detail: { name: 'help', arg: code } }))",
            code,
        )
        help_of_it = page.locator(f"#help-{code}[open] p")
        help_of_it.wait_for()
        assert len(help_of_it.text_content() or "") > 8


def test_nothing_pops_up_over_the_page() -> None:
    for path in WEB.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        methods = re.compile(r"^ +(?:async )?prompt\(.*\{$", re.MULTILINE)
        calls = r"(?<![.\w#])(?:window\.)?(?:alert|confirm|prompt)\("
        assert not re.search(calls, methods.sub("", text)), path.name

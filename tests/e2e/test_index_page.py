"""The page at work: the keyboard alone, every size, changes that are seen and kept."""

import json
import time
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.e2e.hands import command, outside, phase, plays, says, serious, shows

SIZES = [(320, 568), (360, 740), (768, 1024), (1440, 900), (3840, 2160)]


@pytest.fixture
def live(tunable: Any, browse: Any) -> Page:
    """A page that plays."""
    page: Page = browse(tunable.base)
    phase(page, "ready")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    plays(page)
    return page


def in_force(server: Any, page: Page) -> Any:
    """The parameters of this page's stream, as the server has them."""
    session = page.evaluate("() => heard.filter(({ type }) => type === 'hello').at(-1).sessionId")
    with httpx2.Client(base_url=server.base, timeout=10) as http:
        answer = http.get("/api/v1/session/parameters", params={"session_id": session})
    return answer.json()["parameters"]


def test_the_keyboard_alone_starts_changes_keeps_undoes_and_stops(
    tunable: Any, browse: Any, tmp_path: Path
) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    assert page.evaluate("document.activeElement.id") == "prompt"
    page.keyboard.press("Enter")
    phase(page, "streaming")
    shows(page, "a red barn")
    assert page.get_attribute("#video", "aria-label") == "Live picture: a red barn"
    page.keyboard.press("Control+A")
    page.keyboard.type("a neon city")
    page.keyboard.press("Enter")
    page.wait_for_selector(".glide:visible")
    page.screenshot(path=tmp_path / "glide.png")
    shows(page, "a neon city")
    says(page, "First picture of the new prompt after")
    page.keyboard.press("Control+A")
    page.keyboard.type("golden dunes")
    page.keyboard.press("Shift+Enter")
    shows(page, "golden dunes")
    says(page, "Cut after")

    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Digit7")
    says(page, "Stored in slot 7.")
    page.keyboard.press("Control+z")
    shows(page, "a neon city")
    page.keyboard.press("Control+y")
    shows(page, "golden dunes")
    page.keyboard.press("2")
    shows(page, "snowy mountains under a starry sky")
    page.keyboard.press("/")
    page.keyboard.press("Alt+7")
    shows(page, "golden dunes")

    page.keyboard.press("Escape")
    page.keyboard.press("]")
    says(page, "Prompts glide over 9 chunks.")
    page.keyboard.press("s")
    says(page, "New scene from seed")
    page.keyboard.press("Shift+s")
    says(page, "is locked")
    page.keyboard.press("s")
    says(page, "The seed is locked.")
    page.keyboard.press("i")
    page.wait_for_selector("#chunk:has-text('ms')")
    page.screenshot(path=tmp_path / "figures.png")
    page.keyboard.press(".")
    phase(page, "ready")
    assert page.evaluate("document.activeElement.id") == "prompt"


def test_what_was_kept_is_there_on_the_next_visit(live: Page, tunable: Any) -> None:
    seed = live.evaluate("() => heard.find(({ type }) => type === 'hello').seed")
    live.keyboard.press("Escape")
    live.keyboard.press("Shift+s")
    live.keyboard.press("Shift+Digit8")
    live.reload()
    phase(live, "streaming")  # a reload goes on playing
    plays(live)
    assert live.evaluate("() => heard.find(({ type }) => type === 'hello').seed") == seed
    assert live.input_value("#prompt") == "a red barn"
    assert live.locator(".slot", has_text="a red barn").count() == 1


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_is_cut_off_from_a_phone_to_a_wall(
    tunable: Any, browse: Any, tmp_path: Path, width: int, height: int
) -> None:
    page = browse(tunable.base, width=width, height=height, calm=True)
    phase(page, "ready")
    page.screenshot(path=tmp_path / f"{width}.png")
    assert outside(page) <= 0
    cut_off = page.evaluate(
        """() => ["header", "main", "#prompt", "#send", "#fullScreen"].filter((name) => {
            const box = document.querySelector(name).getBoundingClientRect();
            return box.width === 0 || box.left < 0 || box.top < 0
                || box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
        })"""
    )
    assert cut_off == []
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, a, select, input")]
            .filter((one) => one.offsetParent && !one.matches(".skip"))
            .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < 24)
            .map((one) => one.id || one.textContent)"""
    )
    assert small == []
    page.locator("#settings").click()
    page.locator(".add").click()
    page.screenshot(path=tmp_path / f"{width}-more.png", full_page=True)
    assert outside(page) <= 0
    if width < 1000:
        assert serious(page) == []


def test_several_prompts_are_blended_by_weight_while_it_plays(live: Page, tunable: Any) -> None:
    live.get_by_role("button", name="Blend in another prompt").click()
    live.wait_for_selector(".blend input[type=text]:focus")
    live.keyboard.type("a blue boat")
    live.keyboard.press("Enter")
    says(live, "First picture of the new prompt after")
    assert [one["text"] for one in in_force(tunable, live)["prompts"]] == [
        "a red barn",
        "a blue boat",
    ]
    live.get_by_label("Weight of this prompt").fill("2")
    shows(live, "a blue boat")  # the heavier one
    live.get_by_label("How the prompts are blended").select_option("slerp")
    live.wait_for_function("() => heard.filter(({ type }) => type === 'applied').length >= 3")
    told = in_force(tunable, live)
    assert told["prompts"][1] == {"text": "a blue boat", "weight": 2}
    assert told["prompt_interpolation_method"] == "slerp"


def test_settings_are_drawn_from_the_schema_and_show_what_is_in_force(
    live: Page, tunable: Any, tmp_path: Path
) -> None:
    live.keyboard.press("Escape")
    live.keyboard.press("m")
    panel = live.get_by_role("region", name="More settings")
    panel.wait_for()
    assert panel.locator(".field-head label").all_text_contents() == [
        "Power",
        "Steps",
        "Mood",
        "Looping",
        "Note",
    ]
    panel.get_by_label("Power").fill("0.8")
    panel.get_by_label("Mood").select_option("wild")
    panel.get_by_label("Steps").fill("2")
    live.wait_for_selector("scope-settings .pending", state="detached")
    told = in_force(tunable, live)
    assert (told["strength"], told["mood"]) == (0.8, "wild")
    assert told["denoising_step_list"] == [1000, 500]

    note = panel.get_by_label("Note")
    note.fill("no")
    note.press("Enter")
    panel.get_by_text("Note: ").wait_for()
    assert "must not be no" in (panel.get_by_role("alert").text_content() or "")
    live.screenshot(path=tmp_path / "settings.png")
    assert serious(live) == []

    with httpx2.Client(base_url=tunable.base, timeout=10) as http:
        http.post("/api/v1/session/parameters", json={"strength": 0.25})
    live.wait_for_function("() => document.querySelector('#set-strength').value === '0.25'")
    says(live, "Someone else changed the stream")


def test_a_snapshot_carries_its_prompt_and_seed(live: Page, tmp_path: Path) -> None:
    with live.expect_download() as found:
        live.get_by_role("button", name="Save the picture").click()
    found.value.save_as(tmp_path / "picture.png")
    picture: Any = Image.open(tmp_path / "picture.png")
    seed = live.evaluate("() => heard.find(({ type }) => type === 'hello').seed")
    assert (picture.text["prompt"], picture.text["seed"]) == ("a red barn", str(seed))


def test_a_recording_is_brought_here_and_plays(live: Page, tmp_path: Path) -> None:
    live.keyboard.press("Escape")
    live.keyboard.press("v")
    live.wait_for_selector(".rec:has-text('REC 00:00')")
    began_s = time.monotonic()
    live.wait_for_selector(".rec:has-text('REC 00:03')")
    live.screenshot(path=tmp_path / "recording.png")
    assert serious(live) == []
    with live.expect_download() as found:
        live.keyboard.press("v")
        took_s = time.monotonic() - began_s
    found.value.save_as(tmp_path / "recording.mp4")
    says(live, "Recording saved as scope-")
    with av.open(tmp_path / "recording.mp4") as film:
        times = [float(frame.time) for frame in film.decode(video=0)]
    assert len(times) > 10
    assert abs(times[-1] - times[0] - took_s) < 1.5


def test_a_saved_timeline_is_read_and_played_again(
    live: Page, tunable: Any, browse: Any, tmp_path: Path
) -> None:
    live.fill("#prompt", "a green valley")
    live.keyboard.press("Shift+Enter")
    shows(live, "a green valley")
    with live.expect_download() as found:
        live.get_by_role("button", name="Save the timeline as a file").click()
    kept = tmp_path / "kept.json"
    found.value.save_as(kept)
    seed = live.evaluate("() => heard.find(({ type }) => type === 'hello').seed")
    assert json.loads(kept.read_text())["seed"] == seed
    live.keyboard.press("Escape")
    live.keyboard.press(".")

    again = browse(tunable.base)
    phase(again, "ready")
    again.set_input_files("scope-timeline input[type=file]", kept)
    says(again, "2 changes read. Press Replay to play them.")
    again.get_by_role("button", name="Replay", exact=True).click()
    phase(again, "watching")
    shows(again, "a green valley")
    again.screenshot(path=tmp_path / "replay.png")
    with httpx2.Client(base_url=tunable.base, timeout=10) as http:
        played = http.get("/api/v1/session/timeline").json()
    assert played["seed"] == seed
    again.keyboard.press("Escape")
    again.keyboard.press(".")
    phase(again, "ready")

    again.locator(".lane button").first.focus()
    again.keyboard.press("ArrowRight")
    again.keyboard.press("Delete")
    again.wait_for_function("() => document.querySelectorAll('.lane button').length === 1")
    assert serious(again) == []


def test_something_that_is_no_timeline_is_refused_in_words(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    file = {"name": "x.json", "mimeType": "application/json", "buffer": b'{"a": 1}'}
    page.set_input_files("scope-timeline input[type=file]", file)
    says(page, "That file is no timeline", "#problem")


def test_keys_can_be_changed_and_single_letters_turned_off(tunable: Any, browse: Any) -> None:
    page = browse(tunable.base)
    phase(page, "ready")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("button", name="change the key of: Pause or go on").click()
    page.keyboard.press("x")
    assert page.locator("#pause").get_attribute("title") == "Pause (X)"
    assert page.locator("#pause").get_attribute("aria-keyshortcuts") == "x"
    page.get_by_role("button", name="Restore all keys").click()
    assert page.locator("#pause").get_attribute("title") == "Pause (Space)"
    page.get_by_role("button", name="change the key of: Longer glide").click()
    page.keyboard.press("g")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    says(page, "Prompts glide over 9 chunks.")
    command(page, "keys")
    assert serious(page) == []
    page.get_by_label("Single letters act").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    command(page, "longer")
    says(page, "Prompts glide over 10 chunks.")

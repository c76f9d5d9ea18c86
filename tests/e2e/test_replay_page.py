"""A performance of the page, saved and played again: the same pictures, pixel for pixel."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page

from tests.e2e.hands import phase, says

FILE = Path(__file__).with_name("witness_pipeline.py")
REPLAY_MS = 90_000


class Witness:
    """What the pipeline made, scene by scene, as raw RGB."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, scene: str) -> None:
        (self._folder / "scene").write_text(scene, encoding="utf-8")

    def saw(self, scene: str) -> bytes:
        return (self._folder / f"{scene}.rgb").read_bytes()


@pytest.fixture
def witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Witness:
    monkeypatch.setenv("WITNESS", str(tmp_path))
    witness = Witness(tmp_path)
    witness.begin("load")
    return witness


def nobody_plays(server: Any) -> None:
    with httpx2.Client(base_url=server.base, timeout=10) as http:
        while http.get("/api/v1/session/metrics").json()["sessions"]:
            time.sleep(0.05)


def performed(page: Page, kept: Path) -> None:
    """Start, glide, cut, change a setting, and save what was done."""
    phase(page, "ready")
    page.fill("#prompt", "a calm sea at sunset")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    for prompt, key in (("snowy mountains", "Enter"), ("golden dunes at noon", "Shift+Enter")):
        page.fill("#prompt", prompt)
        page.keyboard.press(key)
        says(page, " after ")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.get_by_label("Steps").fill("2")
    says(page, "Steps in the picture after")
    with page.expect_download() as found:
        page.get_by_role("button", name="Save the timeline as a file").click()
    found.value.save_as(kept)


@pytest.mark.timeout(300)
def test_a_saved_performance_shows_the_same_pixels_in_the_page_and_as_a_film(
    serve: Any, browse: Any, witness: Witness, tmp_path: Path
) -> None:
    server = serve(pipeline=f"{FILE}:Witnessed")
    kept = tmp_path / "kept.json"
    witness.begin("live")
    page = browse(server.base)
    performed(page, kept)
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    phase(page, "ready")
    nobody_plays(server)
    timeline = json.loads(kept.read_text(encoding="utf-8"))
    shown = timeline["frames"] * timeline["height"] * timeline["width"] * 3
    live = witness.saw("live")[:shown]
    assert len(live) == shown > 0
    assert len(timeline["events"]) >= 3

    witness.begin("again")
    other = browse(server.base)
    phase(other, "ready")
    other.set_input_files("scope-timeline input[type=file]", kept)
    says(other, "changes read. Press Replay to play them.")
    other.get_by_role("button", name="Replay", exact=True).click()
    phase(other, "watching")
    other.wait_for_function(
        "() => document.querySelector('#status').textContent === 'The replay is over.'",
        timeout=REPLAY_MS,
    )
    again = witness.saw("again")[:shown]
    assert len(again) == shown  # not called over before it was
    assert first_difference(live, again, timeline) is None

    witness.begin("film")
    film = tmp_path / "film.mp4"
    report = rendered(kept, film)
    assert report["frames"] == timeline["frames"]
    assert report["warnings"] == []
    assert report["sha256"] == hashlib.sha256(live).hexdigest()


def first_difference(one: bytes, other: bytes, timeline: dict[str, Any]) -> int | None:
    """The first picture that is not the same."""
    size = timeline["height"] * timeline["width"] * 3
    assert len(one) == len(other)
    numbers = range(len(one) // size)
    return next((n for n in numbers if picture(one, n, size) != picture(other, n, size)), None)


def picture(pixels: bytes, number: int, size: int) -> bytes:
    return pixels[number * size : (number + 1) * size]


def rendered(kept: Path, film: Path) -> dict[str, Any]:
    line = ["render", "--timeline", kept, "-o", film, "--pipeline", f"{FILE}:Witnessed", "--json"]
    done = subprocess.run(
        [Path(sys.executable).with_name("daydream-scope"), *line],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report

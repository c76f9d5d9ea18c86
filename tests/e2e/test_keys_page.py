"""A server with keys, in a real browser: let in by a link, watching by another, taking over."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.hands import command, offers, phase, says, serious, shows

ACCESS = "/api/v1/access/session"


def keys(file: Path, *line: str) -> Any:
    """The real command about keys."""
    done = subprocess.run(
        (Path(sys.executable).with_name("daydream-scope"), "keys", *line, "--json"),
        env={"SCOPE_API_KEY_FILE": str(file), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


@dataclass
class House:
    """A server that follows a file of keys; what the command said of each key, by its label."""

    base: str
    log_text: Callable[[], str]
    file: Path
    keys: dict[str, Any]


@pytest.fixture(scope="module")
def house(serve_all: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    made = {
        label: keys(file, "create", "--scope", scope, "--label", label)
        for label, scope in (("stage", "control"), ("desk", "control"), ("foyer", "view"))
    }
    server = serve_all("--api-key-file", str(file), "--log-level", "debug")
    return House(server.base, server.log_text, file, made)


def begin(house: Any, browse: Any, who: str, prompt: str) -> Any:
    """A page of somebody that plays."""
    page = browse(f"{house.base}/#key={house.keys[who]['key']}")
    phase(page, "ready")
    page.fill("#prompt", prompt)
    page.keyboard.press("Enter")
    phase(page, "streaming")
    shows(page, prompt)
    return page


def end(page: Any) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    phase(page, "ready")


def test_a_key_in_the_address_is_gone_at_once_and_everything_works_without_it(
    house: Any, browse: Any
) -> None:
    secret = house.keys["stage"]["key"]
    page = begin(house, browse, "stage", "a red barn")
    assert page.url == f"{house.base}/"
    kept = page.evaluate(
        "[document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)]"
    )
    assert kept[0] == ""
    assert secret not in "".join(kept)
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert secret not in cookie["value"]
    page.evaluate(
        """() => { const picture = new Image();
        picture.id = "preview"; picture.src = "/api/v1/session/preview.mjpg?fps=10";
        document.body.append(picture); }"""
    )
    page.wait_for_function("() => document.querySelector('#preview').naturalWidth > 0")
    page.reload()
    phase(page, "streaming")
    page.goto(f"{house.base}/quickstart")
    assert page.evaluate(f"fetch('{ACCESS}').then((a) => a.json())")["access"] == "control"


def test_the_key_is_given_back(house: Any, browse: Any) -> None:
    page = begin(house, browse, "stage", "a red barn")
    cookies = page.context.cookies()
    command(page, "Give the key back")
    phase(page, "locked")
    assert page.context.cookies() == []
    jar = {each["name"]: each["value"] for each in cookies}
    assert httpx2.get(f"{house.base}{ACCESS}", cookies=jar).json()["access"] == "public"


def test_a_link_to_watch_lets_one_browser_in_and_shows_that_it_only_watches(
    house: Any, browse: Any
) -> None:
    page = begin(house, browse, "stage", "a red barn")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Escape")
    command(page, "Copy a link to watch")
    says(page, "It lets one browser in, to watch only, for 24 h.")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "/output?session_id=" in link

    guest = browse(link, width=960, height=540)
    shows(guest, "a red barn")
    assert "key" not in guest.url
    assert guest.locator("button, input, textarea").count() == 0
    guest.mouse.move(100, 100)
    guest.mouse.move(200, 200)
    guest.get_by_text("Watching only: nothing can be changed from here.").wait_for()
    assert serious(guest) == []
    refused = guest.evaluate(
        """() => Promise.all([["/api/v1/session/parameters", { prompts: ["a blue boat"] }],
            ["/api/v1/session/start", {}], ["/api/v1/access/share", {}],
            ["/api/v1/pipeline/unload", {}]].map(([path, body]) => fetch(path, {
                method: "POST", headers: { "Content-Type": "application/json" },
                body: JSON.stringify(body) }).then(({ status }) => status)))"""
    )
    assert refused == [403] * 4
    shows(page, "a red barn")
    guest.reload()
    shows(guest, "a red barn")

    late = browse(link)
    says(late, "a link to watch, which is good once")
    late.close()
    end(page)


def test_who_may_only_watch_is_told_so_on_the_page(house: Any, browse: Any) -> None:
    guest = browse(f"{house.base}/#key={house.keys['foyer']['key']}")
    phase(guest, "visiting")
    says(guest, "Nothing plays yet. Your key may watch, and can change nothing.")
    page = begin(house, browse, "stage", "a white tower")
    says(guest, "You may watch. Your key can change nothing.")
    assert offers(guest) == ["Watch"]
    guest.get_by_role("button", name="Watch", exact=True).click()
    phase(guest, "watching")
    shows(guest, "a white tower")
    says(guest, "You are watching. stage types the prompts. Your key can change nothing.")
    assert offers(guest) == ["Stop"]
    assert serious(guest) == []
    end(page)


def test_control_is_seen_taken_and_taken_back(house: Any, browse: Any) -> None:
    page = begin(house, browse, "stage", "a white tower")
    desk = browse(f"{house.base}/#key={house.keys['desk']['key']}")
    phase(desk, "ready")
    desk.evaluate("document.dispatchEvent(new CustomEvent('act', { detail: { name: 'watch' } }))")
    phase(desk, "watching")
    says(desk, "You are watching. stage types the prompts.")
    desk.get_by_role("button", name="Take control").click()
    phase(desk, "streaming")
    says(desk, "You control this stream now.")
    phase(page, "watching")
    says(page, "desk has taken control. You are watching.")
    desk.fill("#prompt", "a blue boat")
    desk.keyboard.press("Shift+Enter")
    shows(page, "a blue boat")
    assert serious(page) == []

    page.get_by_role("button", name="Take control").click()
    phase(page, "streaming")
    phase(desk, "watching")
    page.fill("#prompt", "a red barn")
    page.keyboard.press("Shift+Enter")
    shows(desk, "a red barn")
    desk.close()
    page.fill("#prompt", "a white tower")
    page.keyboard.press("Shift+Enter")
    shows(page, "a white tower")
    end(page)


def test_who_lost_control_leaves_without_ending_the_stream(house: Any, browse: Any) -> None:
    page = begin(house, browse, "stage", "a white tower")
    desk = browse(f"{house.base}/#key={house.keys['stage']['key']}")
    phase(desk, "ready")
    desk.evaluate("document.dispatchEvent(new CustomEvent('act', { detail: { name: 'watch' } }))")
    phase(desk, "watching")
    desk.get_by_role("button", name="Take control").click()
    phase(page, "watching")
    page.get_by_role("button", name="Stop", exact=True).first.click()
    phase(page, "ready")
    desk.fill("#prompt", "a blue boat")
    desk.keyboard.press("Shift+Enter")
    shows(desk, "a blue boat")
    with desk.expect_response(lambda answer: answer.request.method == "DELETE"):
        end(desk)
    with httpx2.Client(base_url=house.base, timeout=10) as http:
        http.headers["Authorization"] = f"Bearer {house.keys['stage']['key']}"
        assert http.get("/api/v1/session/metrics").json()["sessions"] == {}


def test_a_revoked_key_ends_its_page_and_nothing_secret_is_in_the_log(
    house: Any, browse: Any
) -> None:
    page = begin(house, browse, "desk", "a blue boat")
    (cookie,) = page.context.cookies()
    keys(house.file, "revoke", house.keys["desk"]["id"])
    phase(page, "locked")
    log = house.log_text()
    assert "keys_read" in log
    for made in house.keys.values():
        assert made["key"].split("_", 2)[2] not in log
    assert cookie["value"] not in log


def test_an_automatic_key_comes_with_a_link_that_opens_the_page(serve: Any, browse: Any) -> None:
    server = serve("--api-key", "auto")
    (link,) = re.findall(r"Scope is at (http://\S+)", server.log_text())
    address, _, key = link.partition("/#key=")
    assert address == server.base
    assert f"Bearer {key}" in server.log_text()
    page = browse(link)
    phase(page, "ready")
    assert page.url == f"{server.base}/"
    page.reload()
    phase(page, "ready")


def test_a_running_server_is_locked_by_its_first_key(
    serve: Any, browse: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    server = serve()
    page = browse(server.base)
    phase(page, "ready")
    made = keys(tmp_path / "daydream-scope" / "keys.json", "create", "--scope", "admin")
    phase(page, "locked")
    page.fill("#key", made["key"])
    page.keyboard.press("Enter")
    phase(page, "ready")

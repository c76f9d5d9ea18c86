"""Every state the page has words for, reached as it comes about, and readable by everybody."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page

from bench.process import worker_pid
from tests.e2e.hands import offers, outside, phase, plays, says, serious, shows
from tests.hub.stub_hub import StubHub, stub_hub

FILE = Path(__file__).with_name("demanding_pipeline.py")
WEIGHTS = "maker/model/base.pt"
KEY = "sesame"


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def hub() -> Iterator[StubHub]:
    with stub_hub(files={WEIGHTS: b"w" * 6_000_000}, large={WEIGHTS}) as hub:
        hub.pause_after[WEIGHTS] = 4_000_000
        yield hub


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate") / "open"


@pytest.fixture(scope="module")
def house(serve_all: Any, hub: StubHub, gate: Path, patch: pytest.MonkeyPatch) -> Any:
    """A server whose model is on its way from the hub and then waits at the gate."""
    patch.setenv("HF_ENDPOINT", hub.url)
    patch.setenv("HF_HUB_CACHE", str(gate.parent / "cache"))
    gated = ("--load-param", f"gate={gate}")
    server = serve_all(*gated, pipeline=f"{FILE}:Demanding", wait=False)
    hub.paused.wait(30)  # it listens and fetches
    return server


@pytest.fixture
def seen(tmp_path: Path) -> Any:
    """Call it in a state: a screenshot is kept, and nothing keeps anybody out."""

    def look(page: Page, name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png")
        assert serious(page) == []
        assert outside(page) <= 0

    return look


def post(server: Any, path: str, body: dict[str, Any] | None = None) -> None:
    with httpx2.Client(base_url=server.base, timeout=20) as http:
        assert http.post(path, json=body or {}).status_code == 200


def test_from_missing_files_to_a_picture_that_pauses(
    house: Any, hub: StubHub, gate: Path, browse: Any, seen: Any
) -> None:
    page = browse(house.base)
    phase(page, "downloading")
    says(page, " of 6 MB")
    assert offers(page) == ["Cancel"]
    seen(page, "downloading")
    hub.go_on.set()
    phase(page, "loading")
    says(page, "Loading weights, 50 % done")
    seen(page, "loading")
    gate.touch()
    phase(page, "ready")
    says(page, "Ready. Type a prompt and press Enter.")
    seen(page, "ready")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    shows(page, "a red barn")
    seen(page, "streaming")
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    phase(page, "paused")
    says(page, "Paused.")
    seen(page, "paused")
    page.keyboard.press("Space")
    phase(page, "streaming")
    plays(page)


def test_no_model_offers_those_there_are_and_a_failed_load_says_why(
    house: Any, browse: Any, seen: Any
) -> None:
    post(house, "/api/v1/pipeline/unload")
    page = browse(house.base)
    phase(page, "none")
    card = page.locator(".stage-card [data-id=demanding].card")
    card.get_by_text("Apache-2.0").wait_for()
    card.get_by_text("on disk").wait_for()
    says(page, "Choose a model. This machine has")
    seen(page, "none")
    card.get_by_text("Options").click()
    card.get_by_label("Broken").check()
    card.get_by_role("button", name="Load Demanding").click()
    phase(page, "failed")
    says(page, "the weights are damaged", "#problem")
    assert offers(page) == ["Load again", "Choose a model", "Copy details"]
    seen(page, "failed")


def test_the_first_picture_is_three_clicks_away_even_without_a_model(
    house: Any, browse: Any
) -> None:
    post(house, "/api/v1/pipeline/unload")
    page = browse(house.base)
    phase(page, "none")
    page.get_by_role("button", name="Load Demanding").click()
    phase(page, "ready")
    page.locator("#send").click()
    phase(page, "streaming")
    shows(page, "a red barn")


def test_before_the_server_answers_the_page_says_so(house: Any, chromium: Any, seen: Any) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/api/v1/pipeline/status", lambda route: None)
    page.goto(house.base)
    phase(page, "asking")
    says(page, "Looking for the server")
    seen(page, "asking")
    page.unroute_all(behavior="ignoreErrors")
    context.close()


def test_a_connection_that_does_not_come_up_says_why_and_can_be_called_off(
    house: Any, chromium: Any, seen: Any
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.add_init_script("""
        const Peer = RTCPeerConnection;
        window.RTCPeerConnection = function blocked(options) {
            return new Peer({ ...options, iceTransportPolicy: "relay" });
        };
        window.RTCPeerConnection.prototype = Peer.prototype;
    """)
    page.goto(house.base)
    phase(page, "ready")
    page.keyboard.press("Enter")
    phase(page, "connecting")
    seen(page, "connecting")
    says(page, "Still trying to connect; is UDP blocked?")
    assert offers(page) == ["Cancel", "Help"]
    seen(page, "still-trying")
    page.get_by_role("group", name="What you can do").get_by_role("button", name="Help").click()
    assert page.locator("#help-connect_failed").get_attribute("open") is not None
    seen(page, "help")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Cancel").click()
    phase(page, "ready")
    context.close()


def test_a_server_that_stands_still_is_unstable_and_the_same_session_goes_on(
    house: Any, browse: Any, seen: Any
) -> None:
    page = browse(house.base)
    phase(page, "ready")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    plays(page)
    os.kill(house.process.pid, signal.SIGSTOP)
    try:
        phase(page, "unstable")
        says(page, "Waiting for the server.")
        seen(page, "unstable")
        page.get_by_role("button", name="Connect anew").click()
        phase(page, "reconnecting")
    finally:
        os.kill(house.process.pid, signal.SIGCONT)
    phase(page, "streaming")
    sessions = "() => new Set(heard.filter(({ type }) => type === 'hello').map((m) => m.sessionId))"
    page.wait_for_function("() => heard.filter(({ type }) => type === 'hello').length === 2")
    assert page.evaluate(f"() => ({sessions})().size") == 1


def test_a_killed_worker_is_said_and_the_same_prompt_and_seed_play_again(
    house: Any, browse: Any, seen: Any
) -> None:
    page = browse(house.base)
    phase(page, "ready")
    page.fill("#prompt", "a blue boat")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    shows(page, "a blue boat")
    seed = page.evaluate("() => heard.find(({ type }) => type === 'hello').seed")
    os.kill(worker_pid(house.process.pid), signal.SIGKILL)
    phase(page, "reconnecting")
    says(page, "Your prompt and seed are kept.", "#problem")
    assert offers(page) == ["Try now", "Stop"]
    seen(page, "reconnecting")
    phase(page, "streaming")
    shows(page, "a blue boat")
    assert page.evaluate("() => heard.filter(({ type }) => type === 'hello').at(-1).seed") == seed


def test_a_stream_that_ends_says_why_and_what_helps(house: Any, browse: Any, seen: Any) -> None:
    page = browse(house.base)
    phase(page, "ready")
    page.keyboard.press("Enter")
    phase(page, "streaming")
    plays(page)
    post(house, "/api/v1/pipeline/unload")
    phase(page, "stopped")
    says(page, "The pipeline was unloaded. Load a model, then try again.", "#problem")
    assert offers(page) == ["Try again", "Choose a model", "Help", "Copy details"]
    seen(page, "stopped")
    page.get_by_role("group", name="What you can do").get_by_role("button", name="Help").click()
    page.wait_for_selector("#help-pipeline_unloaded[open] p:has-text('Load a model')")


@pytest.mark.timeout(300)
def test_key_busy_watching_draining_gone_and_back(  # one story: four servers would take long
    serve_all: Any, patch: pytest.MonkeyPatch, browse: Any, seen: Any
) -> None:
    patch.setenv("SCOPE_MAX_SESSIONS", "1")
    server = serve_all("--api-key", KEY)
    mine = browse(server.base)
    phase(mine, "locked")
    says(mine, "This server needs a key. It was printed when it started.")
    seen(mine, "locked")
    mine.keyboard.type("wrong")
    mine.keyboard.press("Enter")
    says(mine, "That is not the key of this server.", "#problem")
    seen(mine, "wrong-key")
    mine.fill("#key", KEY)
    mine.keyboard.press("Enter")
    phase(mine, "ready")
    mine.fill("#prompt", "a white tower")
    mine.keyboard.press("Enter")
    phase(mine, "streaming")
    shows(mine, "a white tower")

    other = browse(f"{server.base}/#key={KEY}")
    assert "key" not in other.url
    phase(other, "ready")
    other.keyboard.press("Enter")
    phase(other, "busy")
    says(other, "(1 of 5)", "#problem")
    seen(other, "busy")
    other.get_by_role("button", name="Watch").click()
    phase(other, "watching")
    shows(other, "a white tower")
    seen(other, "watching")

    idle = browse(f"{server.base}/#key={KEY}")
    phase(idle, "ready")
    server.process.send_signal(signal.SIGTERM)
    phase(mine, "draining")
    says(mine, "Server is restarting. The page will come back by itself.")
    seen(mine, "draining")
    server.process.wait(timeout=15)
    phase(idle, "gone")
    says(idle, "The server does not answer.", "#problem")
    seen(idle, "gone")

    serve_all("--api-key", KEY, port=server.port)
    phase(mine, "streaming")
    shows(mine, "a white tower")

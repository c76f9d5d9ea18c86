"""A WHEP player we have not written, npm's whip-whep in Chromium, plays a running session."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.hands import PATIENCE_MS
from tests.e2e.test_javascript_page import elsewhere

PACKAGE = "whip-whep@1.2.0"
PAGE = """<!doctype html><html lang="en"><title>player</title><link rel="icon" href="data:,">
<video autoplay muted playsinline></video>
<script type="module">
%s
const pc = new RTCPeerConnection();
pc.addTransceiver("video", {direction: "recvonly"});
pc.ontrack = ({track}) => {
  document.querySelector("video").srcObject = new MediaStream([track]);
};
const player = new WHEPClient();
window.ended = async () => { await player.stop(); return "ended"; };
await player.view(pc, "%s");
</script></html>"""


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The player's source, fetched anew; nothing of it is kept here."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm on this machine")
    folder = tmp_path_factory.mktemp("npm")
    fetched = subprocess.run(
        (npm, "pack", PACKAGE, "--silent"),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if fetched.returncode != 0:
        pytest.skip(f"npm could not fetch {PACKAGE}: {fetched.stderr[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        source = packed.extractfile("package/whep.js")
        assert source is not None
        return source.read().decode()


@pytest.fixture
def session(tunable: Any) -> Iterator[str]:
    """A session without a viewer, started over HTTP."""
    with httpx2.Client(base_url=tunable.base, timeout=15) as http:
        started = http.post(
            "/api/v1/session/start", json={"parameters": {"prompts": ["a red barn"]}}
        )
        assert started.status_code == 200, started.text
        session_id = started.json()["session_id"]
        yield session_id
        http.post("/api/v1/session/stop", json={"session_id": session_id})


def peers(base: str, session_id: str) -> list[dict[str, Any]]:
    answer = httpx2.get(f"{base}/api/v1/session/metrics", timeout=15).json()
    return list(answer["sessions"][session_id]["peers"])


def test_it_plays_trickles_and_leaves(
    tunable: Any, chromium: Any, player: str, session: str
) -> None:
    context = chromium.new_context()
    context.add_init_script(path=Path(__file__).with_name("card.js"))
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    patched: list[int] = []
    page.on(
        "response",
        lambda answer: patched.append(answer.status) if answer.request.method == "PATCH" else None,
    )
    endpoint = f"{tunable.base}/whep?session_id={session}"
    with elsewhere(PAGE % (player, endpoint)) as address:
        page.goto(address)
        page.wait_for_function("() => window.advancedBy(10)", timeout=PATIENCE_MS)
        (peer,) = peers(tunable.base, session)
        assert peer["connected"]
        assert page.evaluate("() => window.ended()") == "ended"
        assert peers(tunable.base, session) == []
    context.close()
    assert complaints == []
    assert patched
    assert set(patched) == {204}

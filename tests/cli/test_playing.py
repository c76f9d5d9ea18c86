"""Running sessions from the terminal, against a real server."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest
from PIL import Image

from tests.cli.conftest import Aside, Run


def parameters(aside: Aside) -> dict[str, Any]:
    answer = httpx2.get(f"{aside.url}/api/v1/session/parameters", trust_env=False)
    return dict(answer.json()["parameters"])


def texts(aside: Aside) -> list[str]:
    return [prompt["text"] for prompt in parameters(aside)["prompts"]]


def test_without_a_session_the_command_says_where_one_comes_from(run: Run) -> None:
    result = run("prompt", "a fox", code=2)
    assert "No session is running." in result.stderr
    assert "in the page" in result.stderr


def test_a_prompt_glides_or_cuts(run: Run, aside: Aside, playing: str) -> None:
    assert "Done." in run("prompt", "a fox", "in snow", "--steps", "2").stdout
    assert texts(aside) == ["a fox", "in snow"]
    run("prompt", "a cat", "--cut", "--session", playing)
    assert texts(aside) == ["a cat"]


def test_values_are_set_or_refused_by_name(run: Run, aside: Aside, playing: str) -> None:
    answer = run("set", "seed=5", "sparkle=1", "--json")
    assert answer["parameters"]["seed"] == 5
    assert answer["warnings"]
    assert "seed" in run("set", "seed=x", code=2).stderr
    assert "key=value" in run("set", "seed", code=2).stderr


def test_pause_resume_reset_and_seed(run: Run, aside: Aside, playing: str) -> None:
    run("pause")
    assert parameters(aside)["paused"] is True
    run("resume")
    assert parameters(aside)["paused"] is False
    run("reset")
    run("seed", "77")
    assert parameters(aside)["seed"] == 77
    assert "no session of that id" in run("pause", "--session", "nope", code=2).stderr


def test_a_picture_is_saved_with_what_made_it(
    run: Run, aside: Aside, playing: str, tmp_path: Path
) -> None:
    for _ in range(50):
        made = httpx2.get(f"{aside.url}/api/v1/session/frame", trust_env=False)
        if made.status_code == 200:
            break
    saved = run("snap", str(tmp_path / "a.png"), "--json")
    with Image.open(tmp_path / "a.png") as picture:
        assert "prompt" in picture.info
    assert saved["bytes"] == (tmp_path / "a.png").stat().st_size
    run("snap", str(tmp_path / "a.jpg"))
    assert "must end in" in run("snap", "a.gif", code=2).stderr
    assert "no folder" in run("snap", str(tmp_path / "no" / "a.png"), code=2).stderr


def test_a_recording_is_saved(run: Run, aside: Aside, playing: str, tmp_path: Path) -> None:
    path = tmp_path / "take.mp4"
    saved = run("record", str(path), "--seconds", "0.5", "--json")
    assert saved["bytes"] == path.stat().st_size
    with av.open(path) as film:
        assert film.streams.video[0].width == 512
    assert "must end in .mp4" in run("record", "take.avi", code=2).stderr


def test_ctrl_c_ends_a_recording_early_and_keeps_it(
    aside: Aside, playing: str, tmp_path: Path
) -> None:
    path = tmp_path / "take.mp4"
    command = Path(sys.executable).with_name("daydream-scope")
    line = (str(command), "record", str(path), "--seconds", "600", "--url", aside.url)
    with subprocess.Popen(line, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert "Recording" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    with av.open(path) as film:
        assert film.streams.video


def test_figures_are_followed_until_the_session_ends(
    run: Run, aside: Aside, playing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scope.cli.playing.LOOK_EVERY_S", 0.01)
    looks = 0
    original = httpx2.AsyncClient.request

    async def counted(self: Any, method: str, url: str, **parts: Any) -> Any:
        nonlocal looks
        looks += url == "/api/v1/session/metrics"
        if looks == 3:
            aside.stop_playing()
        return await original(self, method, url, **parts)

    monkeypatch.setattr(httpx2.AsyncClient, "request", counted)
    lines = run("view", "--stats").stdout.splitlines()
    assert lines
    assert all("fps" in line for line in lines)


def test_the_page_is_opened_in_a_browser(
    run: Run, aside: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", lambda url: opened.append(url) or 0)
    run("view")
    assert opened == [aside.url]
    monkeypatch.setattr("typer.launch", lambda url: 1)
    assert aside.url in run("view", code=2).stderr

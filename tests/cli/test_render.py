"""The command as people type it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import pytest
from typer.testing import CliRunner

from scope.cli.main import app

PLASMA = f"{Path(__file__).parents[2] / 'examples' / 'plasma.py'}:Plasma"
ENDLESS_S = "3000"


def run(*line: str | Path) -> Any:
    return CliRunner().invoke(app, ["render", *map(str, line)])


def frames_in(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_prompt_becomes_a_file_and_the_same_one_every_time(tmp_path: Path) -> None:
    reports = []
    for name in ("a.mp4", "b.mp4"):
        line = ("sea", "--pipeline", PLASMA, "--seconds", "0.5", "--seed", "3")
        result = run(*line, "-o", tmp_path / name, "--json")
        assert result.exit_code == 0, result.output
        reports.append(json.loads(result.stdout))
    one, two = reports
    assert (one["frames"], one["seconds"], one["seed"], one["complete"]) == (12, 0.5, 3, True)
    assert one["sha256"] == two["sha256"]
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert frames_in(tmp_path / "a.mp4") == 12


def test_a_timeline_written_by_hand(tmp_path: Path) -> None:
    script = tmp_path / "t.json"
    script.write_text(
        '[{"at_s": 0, "prompts": ["sea"]},'
        ' {"at_s": 0.5, "transition": {"target_prompts": ["sun"]}, "sparkle": 1}]'
    )
    line = ("--timeline", script, "--pipeline", PLASMA, "-o", tmp_path / "a.mp4")
    result = run(*line, "--seconds", "1")
    assert result.exit_code == 0, result.output
    assert "24 pictures of 384×216 at 24 fps" in result.stdout
    assert "sparkle" in result.stderr


def test_options_choose_size_rate_and_length_where_a_pipeline_has_them(tmp_path: Path) -> None:
    line = ("x", "--pipeline", "testcard", "--size", "512x128", "--fps", "10", "--seconds", "1")
    result = run(*line, "-o", tmp_path / "a.mp4", "--load-param", "frames=3", "--json")
    report = json.loads(result.stdout)
    assert (report["width"], report["height"], report["fps"], report["frames"]) == (
        512,
        128,
        10.0,
        10,
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ((), "Say what to show"),
        (("x", "--pipeline", "vsta"), "Did you mean 'vista'?"),
        (("x", "--pipeline", "testcard", "--size", "64x64"), "width"),
        (("x", "--pipeline", "testcard", "--size", "big"), "WIDTHxHEIGHT"),
        (("x", "--pipeline", "testcard", "--steps", "2"), "denoising"),
        (("x", "--pipeline", PLASMA, "--fps", "2"), "--fps"),
        (("x", "--seconds", "nan"), "--seconds"),
        (("x", "--seconds", "0"), "--seconds"),
        (("x" * 2001, "--pipeline", PLASMA), "2000"),
        (("x", "--pipeline", PLASMA, "--seed", str(2**63)), "seed"),
        (("--timeline", "/no/such.json"), "can not be read"),
    ],
)
def test_a_wish_that_can_not_be_granted_is_told_and_leaves_nothing(
    tmp_path: Path, line: tuple[str, ...], words: str
) -> None:
    result = run(*line, "-o", tmp_path / "a.mp4")
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_pipeline_that_does_not_load_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('no such luck')\n")
    result = run("x", "--pipeline", f"{broken}:Gone", "-o", tmp_path / "a.mp4")
    assert result.exit_code == 1
    assert "no such luck" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_an_interruption_leaves_what_was_made_as_a_file_that_plays(
    tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "a.mp4"
    line = ["render", "sea", "--pipeline", PLASMA, "--seconds", ENDLESS_S, "-o", str(out), "--json"]
    code = "from scope.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "SCOPE_LOG_LEVEL": "error"},
    )
    assert process.stderr is not None
    for said in process.stderr:
        if said.startswith(b"rendering"):
            break
    process.send_signal(number)
    result, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    report = json.loads(result)
    assert not report["complete"]
    assert frames_in(out) == report["frames"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]

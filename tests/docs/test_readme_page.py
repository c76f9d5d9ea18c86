"""The README: the two commands first, a picture that moves, options and commands that exist."""

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from scope.cli.main import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```\w*\n(.*?)```", README, re.DOTALL)
ELSEWHERE = {"--group", "--extra", "--seconds", "--out"}  # of uv and of training's programs
COMMANDS = re.findall(r"`uv run (daydream-scope [a-z]+ [^`]+)`", README)


def shown(*path: str) -> str:
    done = CliRunner().invoke(app, [*path, "--help"], terminal_width=200)
    assert done.exit_code == 0
    return done.stdout


def test_the_two_commands_come_first() -> None:
    assert BLOCKS[0].strip() == "pip install uv && uv run daydream-scope"
    assert BLOCKS[1].strip() == "uv run --group test pytest -n 2"
    assert README.index(BLOCKS[1]) < 800


def test_the_picture_moves_and_is_light() -> None:
    (name,) = re.findall(r"!\[[^\]]+\]\(([^)]+\.gif)\)", README)
    with Image.open(ROOT / name) as picture:
        assert picture.n_frames > 20
        assert picture.width >= 256
    assert (ROOT / name).stat().st_size < 3_000_000


def test_the_options_of_the_table_exist() -> None:
    table = README.partition("| option | |")[2].partition("\n\n")[0]
    named = set(re.findall(r"--[a-z][a-z-]+", table)) | {"-N"}
    assert len(named) > 6
    assert all(option in shown("serve") for option in named)
    rest = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - ELSEWHERE
    assert all(option in shown("serve") for option in rest)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_exist_with_their_options(command: str) -> None:
    name, *words = shlex.split(command)[1:]
    text = shown(name)
    assert all(word in text for word in words if word.startswith("-"))


def test_there_are_commands_to_look_up() -> None:
    assert {command.split()[1] for command in COMMANDS} >= {"prompt", "render"}


def test_our_figures_beside_the_original_are_those_of_the_page_about_performance() -> None:
    rows = README.partition("| | original | this |\n|---|---|---|\n")[2].partition("\n\n")[0]
    ours = " ".join(row.split("|")[3] for row in rows.splitlines())
    page = (ROOT / "docs" / "performance.md").read_text()
    measured = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", page)]
    figures = re.findall(r"(\d+(?:\.\d+)?)(?:–[\d.]+)? (?:s|ms)\b(?!;)", ours)
    assert len(figures) >= 6
    for figure in figures:
        places = len(figure.partition(".")[2])
        assert any(round(each, places) == float(figure) for each in measured), figure

"""What the README and docs/clients.md say about clients is run and looked up."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scope.cli.leaving import (
    EXIT_BUSY,
    EXIT_OUT_OF_MEMORY,
    EXIT_UNAUTHORIZED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
)
from scope.cli.main import app
from scope.client import api, stream
from scope.client.errors import BY_CODE
from tests.cli.conftest import Aside

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "clients.md").read_text()
README = (ROOT / "README.md").read_text()
PROGRAMS = [
    *re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL),
    *re.findall(r"```python\n(.*?)```", README, re.DOTALL),
]
COMMANDS = re.findall(r"^daydream-scope .*$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = Aside()
    yield running.url
    running.end()


@pytest.mark.parametrize("program", PROGRAMS, ids=["page", "sync", "readme"])
def test_the_programs_run(program: str, server: str, tmp_path: Path) -> None:
    text = program.replace("http://localhost:8000", server).replace(
        "Client()", f"Client({server!r})"
    )
    assert server in text
    done = subprocess.run(
        (sys.executable, "-c", text),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "(128, 512, 3)" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_exist_with_their_options(command: str) -> None:
    words = shlex.split(command)[1:]
    path = words[:2] if words[0] in {"models", "keys"} else words[:1]
    shown = CliRunner().invoke(app, [*path, "--help"])
    assert shown.exit_code == 0, command
    for option in (word for word in words if word.startswith("--")):
        assert option in shown.stdout


def test_the_methods_exist() -> None:
    for owner, heading in ((api.Client, "`Client` asks"), (stream.Stream, "`Stream` plays")):
        table = PAGE.partition(heading)[2].partition(
            "\n\n`" if owner is api.Client else "\n\n`prompt"
        )[0]
        named = re.findall(r"`(\w+)[(`]", table)
        assert named
        assert [name for name in named if not hasattr(owner, name)] == []


def test_the_errors_and_exit_codes_are_those_of_the_code() -> None:
    for kind in set(BY_CODE.values()):
        assert f"`{kind.__name__}`" in PAGE
    for code in (EXIT_USAGE, EXIT_UNREACHABLE, EXIT_BUSY, EXIT_OUT_OF_MEMORY, EXIT_UNAUTHORIZED):
        assert f"| {code} |" in PAGE

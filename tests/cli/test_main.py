"""Which subcommands there are, what each takes, and what they share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from scope.cli.main import app

LISTING = Path(__file__).with_name("command_line.txt")
OFFLINE = {"render", "doctor", "keys", "models", "serve"}


def listed(command: Any, name: str) -> Iterator[str]:
    """A line for each command: what it takes, in order, and its options."""
    if subcommands := getattr(command, "commands", None):
        for sub in sorted(subcommands):
            yield from listed(subcommands[sub], f"{name} {sub}".strip())
        return
    arguments = [_argument(each) for each in arguments_of(command)]
    options = sorted(
        "/".join([*each.opts, *each.secondary_opts])
        for each in command.params
        if each.param_type_name == "option"
    )
    yield " ".join([name, *arguments, *options])


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return str(name) if argument.required or name.startswith("[") else f"[{name}]"


def arguments_of(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "argument"]


def commands() -> list[str]:
    return list(listed(typer.main.get_command(app), ""))


def test_the_command_line_is_the_one_that_was_agreed_on() -> None:
    """Scripts depend on it: change `command_line.txt` on purpose, and tell it in CHANGELOG.md."""
    assert commands() == LISTING.read_text(encoding="utf-8").splitlines()


def test_every_command_speaks_json_and_those_of_a_server_know_which() -> None:
    for line in commands():
        name, words = line.split()[0], line.split()
        assert "--json" in words or name == "serve", line
        if name not in OFFLINE:
            assert {"--url", "--key"} <= set(words), line


def test_help_names_every_subcommand() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert all(command.name in result.output for command in app.registered_commands if command.name)


@pytest.mark.parametrize("line", [["sreve"], ["prompt"], ["load", "x", "--width", "wide"]])
def test_a_wrong_line_is_a_usage_error(line: list[str]) -> None:
    assert CliRunner().invoke(app, line).exit_code == 2


def test_a_mistyped_subcommand_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(app, ["sreve"])
    assert "serve" in result.output

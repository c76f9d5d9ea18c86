"""Which subcommands there are, and what they share."""

from typer.testing import CliRunner

from scope.cli.main import app


def test_help_names_every_subcommand() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert all(command.name in result.output for command in app.registered_commands if command.name)


def test_an_unknown_subcommand_is_a_usage_error() -> None:
    result = CliRunner().invoke(app, ["sreve"])
    assert result.exit_code == 2
    assert "serve" in result.output

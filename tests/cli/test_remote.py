"""Which server, which key, and how each failure is said and numbered."""

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from scope.cli.main import app
from scope.cli.remote import ask, settings_of
from scope.client.api import Client
from scope.client.errors import (
    BadParameter,
    Busy,
    ClientError,
    NotLoaded,
    OutOfMemory,
    Unauthorized,
)
from tests.cli.conftest import Aside, Run


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOPE_URL", "http://a.example")
    assert settings_of(None, None).url == "http://a.example"
    assert settings_of("http://b.example", "k").url == "http://b.example"
    with pytest.raises(typer.Exit):
        settings_of("b.example", None)


def test_without_a_server_the_command_that_starts_one_is_named() -> None:
    result = CliRunner().invoke(app, ["status", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 3
    assert "Start one with: daydream-scope" in result.stderr


def test_a_key_is_asked_for_and_taken() -> None:
    server = Aside(api_key="k" * 20)
    try:
        line = ["status", "--json", "--url", server.url]
        refused = CliRunner().invoke(app, line)
        assert refused.exit_code == 6
        assert "--key" in refused.stderr
        assert CliRunner().invoke(app, [*line, "--key", "k" * 20]).exit_code == 0
    finally:
        server.end()


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (Busy("full", code="at_capacity", retry_after_s=7), 4, "Try again in 7 s."),
        (OutOfMemory("too large"), 5, "too large"),
        (Unauthorized("no"), 6, "SCOPE_API_KEY"),
        (BadParameter("seed: wrong"), 2, "seed"),
        (NotLoaded("nothing"), 2, "daydream-scope load vista"),
        (ClientError("files", code="model_files_missing"), 1, "models list"),
        (TimeoutError(), 3, "too long"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_failure_has_its_number_and_its_remedy(
    error: Exception, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(client: Client) -> Any:
        raise error

    with pytest.raises(typer.Exit) as left:
        ask(None, None, fail)
    assert left.value.exit_code == code
    assert words in capsys.readouterr().err


def test_a_mistyped_pipeline_is_answered_with_the_nearest(run: Run) -> None:
    result = run("load", "tescard", code=2)
    assert "Did you mean 'testcard'?" in result.stderr

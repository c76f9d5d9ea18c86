"""The command line: what it takes, what it refuses, in words."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scope.cli import serve as serve_module
from scope.cli.main import app
from scope.settings import Settings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Settings the command would have served with."""
    seen: list[Settings] = []
    monkeypatch.setattr(serve_module, "_run", seen.append)
    return seen


def run(*line: str) -> Any:
    return CliRunner().invoke(app, list(line))


def test_without_a_subcommand_it_serves(served: list[Settings]) -> None:
    assert run().exit_code == 0
    assert (served[0].host, served[0].port, served[0].pipeline) == ("127.0.0.1", 8000, "vista")
    assert served[0].open_browser


def test_serve_is_a_subcommand_too(served: list[Settings]) -> None:
    assert run("serve", "--port", "9000").exit_code == 0
    assert served[0].port == 9000


def test_options_before_a_subcommand_are_not_lost_in_silence(served: list[Settings]) -> None:
    result = run("--port", "9000", "serve")
    assert result.exit_code == 2
    assert "after 'serve'" in result.output
    assert not served


def test_the_options_clients_document(served: list[Settings]) -> None:
    line = ["--host", "0.0.0.0", "--port", "9000", "-N", "--pipeline", "testcard"]
    assert run(*line).exit_code == 0
    (settings,) = served
    assert (settings.host, settings.port) == ("0.0.0.0", 9000)
    assert (settings.pipeline, settings.open_browser) == ("testcard", False)


def test_the_device_is_the_best_there_is_unless_one_is_named(served: list[Settings]) -> None:
    run()
    run("--device", "cuda:1")
    assert [settings.device for settings in served] == ["auto", "cuda:1"]


def test_options_win_over_the_environment(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE", "vista")
    monkeypatch.setenv("SCOPE_PORT", "1234")
    run("--pipeline", "testcard")
    assert (served[0].pipeline, served[0].port) == ("testcard", 1234)


def test_load_parameters_are_json_or_words(served: list[Settings]) -> None:
    line = ("width=512", "pattern=texture", "wide=true", "list=[1,2]", "text=a=b")
    run(*(part for pair in line for part in ("--load-param", pair)))
    assert served[0].load_params == {
        "width": 512,
        "pattern": "texture",
        "wide": True,
        "list": [1, 2],
        "text": "a=b",
    }


def test_aliases_hosts_and_origins_repeat(served: list[Settings]) -> None:
    run(
        *("--alias", "longlive=vista", "--alias", "wan=vista"),
        *("--allowed-host", "a.example", "--allowed-origin", "https://b.example"),
        "--allow-null-origin",
    )
    (settings,) = served
    assert settings.aliases == {"longlive": "vista", "wan": "vista"}
    assert settings.allowed_hosts == ("a.example",)
    assert settings.allowed_origins == ("https://b.example",)
    assert settings.allow_null_origin


@pytest.mark.parametrize("way", ["option", "environment"])
def test_an_automatic_key_is_made_and_printed(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "environment":
        monkeypatch.setenv("SCOPE_API_KEY", "auto")
    result = run(*(("--api-key", "auto") if way == "option" else ()))
    assert served[0].api_key is not None
    key = served[0].api_key.get_secret_value()
    assert len(key) >= 32
    assert key in result.output
    assert served[0].shows_key


def test_a_key_that_was_given_is_not_printed(served: list[Settings], tmp_path: Path) -> None:
    result = run("--api-key", "s3cret-key", "--api-key-file", str(tmp_path / "keys.json"))
    assert "s3cret-key" not in result.output
    assert not served[0].shows_key
    assert served[0].key_file == tmp_path / "keys.json"


@pytest.mark.parametrize(
    "line",
    [
        ("--port", "70000"),
        ("--load-param", "width"),
        ("--alias", "longlive"),
        ("--allowed-origin", "b.example"),
        ("--log-level", "loud"),
        ("--device", "toaster"),
        ("--no-such-option",),
    ],
    ids=" ".join,
)
def test_a_wrong_line_is_refused_and_nothing_is_served(
    served: list[Settings], line: tuple[str, ...]
) -> None:
    assert run(*line).exit_code == 2
    assert not served


def test_the_version_is_printed(served: list[Settings]) -> None:
    result = run("--version")
    assert result.output.startswith("daydream-scope ")
    assert not served


def test_a_public_address_without_a_key_is_refused_with_the_command_that_works() -> None:
    result = run("--host", "0.0.0.0", "-N")
    assert result.exit_code == 2
    assert "daydream-scope --host 0.0.0.0 --api-key auto" in result.output

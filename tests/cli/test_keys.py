"""`daydream-scope keys`: made, listed, revoked, in words and for programs."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scope.cli.main import app
from scope.keys.access import Access
from scope.keys.key import parts_of
from scope.keys.key_file import KeyFile


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyFile:
    path = tmp_path / "keys.json"
    monkeypatch.setenv("SCOPE_API_KEY_FILE", str(path))
    return KeyFile(path)


def keys(*line: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, ["keys", *line])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if "--json" in line and code == 0 else result


def test_a_new_key_is_printed_once_and_opens_what_its_scope_says(file: KeyFile) -> None:
    made = keys("create", "--scope", "view", "--label", "stage")
    text = made.stdout.strip()
    (key,) = file.all()
    key_id, secret = parts_of(text)
    assert key_id == key.id
    assert key.opens_with(secret)
    assert (key.access, key.label, key.expires_s) == (Access.VIEW, "stage", None)
    assert key.id in made.stderr
    assert secret not in keys("list").output
    assert secret not in json.dumps(keys("list", "--json"))


def test_a_program_gets_the_same_as_json(file: KeyFile) -> None:
    made = keys("create", "--expires", "12h", "--json")
    (key,) = file.all()
    assert parts_of(made["key"])[0] == made["id"] == key.id
    assert made["scope"] == "control"
    assert key.expires_s == pytest.approx(key.created_s + 43_200, abs=1)
    listed = keys("list", "--json")
    assert listed["file"] == str(file.path)
    assert listed["keys"] == [{name: made[name] for name in made if name != "key"}]


def test_the_list_shows_each_key_and_which_have_expired(file: KeyFile) -> None:
    first = keys("create", "--label", "one", "--json")
    keys("create", "--scope", "admin")
    value = json.loads(file.path.read_text())
    value["keys"][0]["expires"] = "2001-01-01T00:00:00+00:00"
    file.path.write_text(json.dumps(value))
    lines = keys("list").stdout.splitlines()
    assert lines[0].split() == ["ID", "SCOPE", "LABEL", "CREATED", "EXPIRES"]
    assert lines[1].split()[:3] == [first["id"], "control", "one"]
    assert lines[1].endswith("expired")
    assert lines[2].endswith("never")


def test_a_revoked_key_is_gone(file: KeyFile) -> None:
    made = keys("create", "--json")
    assert keys("revoke", made["id"], "--json") == {"id": made["id"], "revoked": True}
    assert file.all() == ()


def test_a_mistyped_id_is_answered_with_the_nearest(file: KeyFile) -> None:
    made = keys("create", "--json")
    result = keys("revoke", made["id"][:-1], code=2)
    assert made["id"] in result.stderr
    assert len(file.all()) == 1


@pytest.mark.parametrize(
    "line", [("--scope", "root"), ("--label", "x" * 65), ("--expires", "soon")], ids=" ".join
)
def test_a_wrong_line_makes_nothing(file: KeyFile, line: tuple[str, ...]) -> None:
    keys("create", *line, code=2)
    assert not file.path.exists()


def test_a_damaged_file_is_named_and_not_overwritten(file: KeyFile) -> None:
    file.path.write_text("precious")
    for line in (["create"], ["list"], ["revoke", "x"]):
        assert str(file.path) in keys(*line, code=1).stderr
    assert file.path.read_text() == "precious"


def test_an_option_wins_over_the_environment(file: KeyFile, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    keys("create", "--api-key-file", str(other))
    assert other.exists()
    assert not file.path.exists()


def test_without_a_name_the_file_lies_in_the_users_own_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SCOPE_API_KEY_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    keys("create")
    assert (tmp_path / "daydream-scope" / "keys.json").is_file()

"""`doctor` puts what it finds in lines, with a remedy, and ends with a code."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from scope.cli import checks
from scope.cli.checks import Finding
from scope.cli.main import app
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the world."""
    monkeypatch.setattr(checks, "stun", lambda settings: Finding("stun", "ok", "fine"))


def test_a_line_for_everything_and_the_server(run: Run) -> None:
    found: list[dict[str, Any]] = run("doctor", "--json")
    by_name = {finding["name"]: finding for finding in found}
    assert {"versions", "gpu", "disk", "port", "udp", "stun", "turn", "vista"} <= set(by_name)
    assert "testcard loaded" in by_name["server"]["words"]
    assert "versions" in run("doctor").stdout


def test_without_a_server_that_is_a_warning() -> None:
    result = CliRunner().invoke(app, ["doctor", "--json", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)[-1]["verdict"] == "warn"


def test_what_will_not_work_ends_with_one_and_its_remedy(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Finding("udp", "fail", "datagrams do not pass", "Open the firewall.")
    monkeypatch.setattr(checks, "udp", lambda: broken)
    result = run("doctor", code=1)
    assert "FAIL  udp" in result.stdout
    assert "→ Open the firewall." in result.stdout


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOPE_PORT", "70000")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 2
    assert "port" in result.stderr

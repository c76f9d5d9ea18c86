"""docs/deploy.md, the unit and the Dockerfile name options and variables that exist."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import AliasChoices
from typer.testing import CliRunner

from scope.cli.main import app
from scope.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deploy.md").read_text()
UNIT = (ROOT / "deploy" / "daydream-scope.service").read_text()
IMAGE = (ROOT / "Dockerfile").read_text()
TOOLS = {"--network", "--build-arg", "--gpus", "--ipc", "--frozen", "--now"}
IMAGES_OWN = {"UV_COMPILE_BYTECODE", "UV_LINK_MODE", "UV_PYTHON_DOWNLOADS", "PATH"}


def variables() -> set[str]:
    found = set()
    for name, field in Settings.model_fields.items():
        match field.validation_alias:
            case AliasChoices(choices=choices):
                found |= {str(choice) for choice in choices}
            case _:
                found.add(f"SCOPE_{name.upper()}")
    return found


def options_of(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))


def test_the_options_exist() -> None:
    shown = CliRunner().invoke(app, ["serve", "--help"], terminal_width=200).stdout
    keys = CliRunner().invoke(app, ["keys", "create", "--help"], terminal_width=200).stdout
    named = options_of(PAGE) - TOOLS
    assert len(named) > 5
    assert named <= options_of(shown) | options_of(keys)
    assert options_of(UNIT) <= options_of(shown)


def test_the_variables_exist() -> None:
    named = set(re.findall(r"\b(?:SCOPE|HF|CLOUDFLARE|TWILIO)_[A-Z_]+\b", PAGE + UNIT + IMAGE))
    assert len(named) > 20
    assert named <= variables()
    assert "PIPELINE" in variables()


def test_figures_named_with_a_variable_are_its_default() -> None:
    named = re.findall(r"`SCOPE_([A-Z_]+)` \((\d+)(?: s)?\)", PAGE)
    assert len(named) >= 5
    for name, value in named:
        assert Settings.model_fields[name.lower()].default == int(value), name


def test_the_image_copies_what_is_there_and_sets_what_exists() -> None:
    copied = [
        name
        for line in re.findall(r"^COPY (.*) \S+$", IMAGE, re.MULTILINE)
        for name in line.split()
    ]
    assert copied
    assert all((ROOT / name).exists() for name in copied)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{name}" for name in copied} <= set(ignored)
    block = "".join(re.findall(r"^ENV .*?[^\\]\n", IMAGE, re.MULTILINE | re.DOTALL))
    assert set(re.findall(r"([A-Z_]+)=", block)) <= variables() | IMAGES_OWN
    assert "uv.lock" in copied


def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("there is no systemd on this machine")
    here = UNIT.replace("/opt/daydream-scope/.venv/bin/daydream-scope", sys.executable)
    assert here != UNIT
    unit = tmp_path / "daydream-scope.service"
    unit.write_text(here)
    done = subprocess.run(
        (verify, "verify", str(unit)), capture_output=True, text=True, timeout=30, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "daydream-scope.service" in line]
    assert ours == []


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"

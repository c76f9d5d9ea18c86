"""docs/troubleshooting.md explains every code there is, and none that there is not."""

import re
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from scope import events
from scope.cli.main import app
from scope.errors import ScopeError
from scope.protocol.http import Malformed
from scope.server import problems
from scope.sessions import ending
from scope.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
SOURCES = ROOT / "src" / "scope"
EVERY_CODE = PAGE.partition("## Every code")[2]
IN_CODE = re.compile(
    r"""\bcode(?:\s*=\s*|:\s*|"\s*:\s*)"([a-z_]+)"|(?:Failed|ErrorInfo)\(\s*"([a-z_]+)\""""
)


def written() -> set[str]:
    """Codes that stand in the sources as such."""
    found = set()
    for path in (*SOURCES.rglob("*.py"), SOURCES / "web" / "client.js"):
        found |= {one or other for one, other in IN_CODE.findall(path.read_text())}
    return found


def subclasses(kind: type[ScopeError]) -> Iterator[type[ScopeError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from subclasses(below)


def ours(kind: type[ScopeError]) -> bool:
    return kind.__module__.startswith("scope.")


def codes() -> set[str]:
    endings = [value for value in vars(ending).values() if isinstance(value, ending.Ending)]
    return {
        *written(),
        *(kind.code for kind in subclasses(ScopeError) if ours(kind)),
        *problems.CODE_OF_STATUS.values(),
        "http_error",
        Malformed.model_fields["code"].default,
        *(each.code for each in endings if each.code),
        *(reason.value for reason in events.StopReason),
        events.PROMPT_CUT,
        "refused",
    }


def test_every_code_is_explained() -> None:
    explained = set(re.findall(r"`([a-z_]+)`", EVERY_CODE))
    assert codes() - explained == set()


def test_no_other_code_is() -> None:
    first = re.findall(r"^\| (`[^|]+) \|", EVERY_CODE, re.MULTILINE)
    listed = set(re.findall(r"`([a-z_]+)`", " ".join(first)))
    assert listed - codes() == set()


def test_the_statuses_are_those_of_the_code() -> None:
    rows = [line.split("|") for line in EVERY_CODE.splitlines() if line.startswith("| `")]
    for kind in filter(ours, subclasses(ScopeError)):
        if kind.code in {"transport_error", "peer_lost"}:  # never an answer
            continue
        (where,) = (cells[2] for cells in rows if f"`{kind.code}`" in cells[1])
        assert str(problems.status_of(kind(""))) in where, kind.code


def test_the_options_and_variables_exist() -> None:
    shown = CliRunner().invoke(app, ["serve", "--help"], terminal_width=200).stdout
    elsewhere = {"--extra", "--network", "--watch", "--key", "--pipeline"}
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE)) - elsewhere
    assert all(option in shown for option in named)
    fields = {f"SCOPE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"SCOPE_[A-Z_]+", PAGE)) <= fields

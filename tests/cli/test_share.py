"""`daydream-scope share` on a server with a key and on one without."""

import json
from collections.abc import Iterator

import httpx2
import pytest
from typer.testing import CliRunner

from scope.cli.main import app
from tests.cli.conftest import Aside, Run

KEY = "k" * 20


@pytest.fixture(scope="module")
def locked() -> Iterator[Aside]:
    server = Aside(api_key=KEY)
    yield server
    server.end()


def share(server: Aside, *line: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["share", "--url", server.url, *line])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def access(server: Aside, secret: str) -> httpx2.Response:
    return httpx2.post(f"{server.url}/api/v1/access/session", json={"key": secret}, trust_env=False)


def test_the_link_lets_one_browser_in_to_watch(locked: Aside) -> None:
    link = share(locked, "--key", KEY, "--session", "s", "--expires", "2h").strip()
    address, _, secret = link.partition("#key=")
    assert address == f"{locked.url}/output?session_id=s"
    assert KEY not in link
    let_in = access(locked, secret)
    assert let_in.json()["access"] == "view"
    assert let_in.json()["expires_s"] == pytest.approx(7200, abs=30)
    assert access(locked, secret).status_code == 401


def test_a_program_gets_the_same_as_json(locked: Aside) -> None:
    told = json.loads(share(locked, "--key", KEY, "--uses", "2", "--json"))
    assert (told["uses"], told["expires_s"]) == (2, 86_400)
    secret = told["url"].partition("#key=")[2]
    assert [access(locked, secret).status_code for _ in range(3)] == [200, 200, 401]


def test_without_a_key_there_is_no_link(locked: Aside) -> None:
    assert "--key" in share(locked, code=6)


@pytest.mark.parametrize("line", [("--expires", "soon"), ("--expires", "60d"), ("--uses", "0")])
def test_a_wrong_line_makes_none(locked: Aside, line: tuple[str, ...]) -> None:
    share(locked, "--key", KEY, *line, code=2)


def test_a_server_without_a_key_has_an_address_only(run: Run, aside: Aside) -> None:
    result = run("share")
    assert result.stdout.strip() == f"{aside.url}/output"
    assert "needs no key" in result.stderr

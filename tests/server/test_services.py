"""Facts about a request that no header may change."""

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from scope.keys.access import Access, Caller
from scope.server.services import Build, client_address, permit_of


def request(client: tuple[str, int] | None) -> Request:
    headers = [(b"x-forwarded-for", b"127.0.0.1"), (b"forwarded", b"for=127.0.0.1")]
    return Request({"type": "http", "headers": headers, "client": client})


def test_the_address_is_that_of_the_socket() -> None:
    assert client_address(request(("192.0.2.7", 4000))) == "192.0.2.7"
    assert client_address(request(None)) == ""


def test_a_build_knows_since_when_it_runs() -> None:
    build = Build.now("1.0", "abc")
    assert (build.version, build.git_commit) == ("1.0", "abc")
    assert build.started.tzinfo is not None


@pytest.mark.parametrize("access", list(Access))
def test_who_may_play_may_take_control_and_stays_as_long_as_the_door_says(access: Access) -> None:
    asked: list[Caller] = []
    welcome = [True, False]
    door = SimpleNamespace(is_welcome=lambda who: bool(asked.append(who)) or welcome.pop(0))
    caller = Caller(access, "key k", "stage", "k")
    use: Any = SimpleNamespace(door=door)
    permit = permit_of(use, caller)
    assert (permit.owner, permit.label) == ("key k", "stage")
    assert permit.may_control is (access >= Access.CONTROL)
    assert [permit.good(), permit.good()] == [True, False]
    assert asked == [caller, caller]

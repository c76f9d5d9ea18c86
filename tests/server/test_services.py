"""Facts about a request that no header may change."""

from starlette.requests import Request

from scope.server.services import Build, client_address


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

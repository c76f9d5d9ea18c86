"""Which Host and Origin may come in."""

import pytest

from scope.server.origins import OriginRules, is_loopback_address, is_loopback_name
from scope.settings import Settings

LOCAL = OriginRules()
PUBLIC = OriginRules(
    hosts=frozenset({"scope.example"}), origins=frozenset({"https://app.example"}), public=True
)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "dev.localhost"]
)
def test_the_names_of_this_machine_are_hosts(host: str) -> None:
    assert LOCAL.host_allowed(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "localhost.evil.example",
        "localhost@evil.example",
        "evil.example:80",
        "192.168.1.5:8000",
        "localhost:99999",
        "localhost/x",
        "[::1",
    ],
)
def test_any_other_host_is_refused_on_loopback(host: str) -> None:
    assert not LOCAL.host_allowed(host)


@pytest.mark.parametrize("host", ["192.168.1.5:8000", "scope.example", "[fe80::1]:8000"])
def test_addresses_and_listed_names_are_hosts_of_a_public_server(host: str) -> None:
    assert PUBLIC.host_allowed(host)


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:5173", "http://app.localhost"],
)
def test_pages_of_this_machine_may_call(origin: str) -> None:
    assert LOCAL.origin_allowed(origin, host="localhost:8000")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "file://",
        "chrome-extension://abc",
        "http://localhost.evil.example",
        "http://localhost:99999",
        "http://localhost/path",
        "http://evil@localhost",
        "http://[bad",
        "http://[localhost]",
        "http://localhost\u2100",  # a slash in it, once normalised
    ],
)
def test_other_pages_may_not(origin: str) -> None:
    assert not LOCAL.origin_allowed(origin, host="localhost:8000")


def test_the_page_of_the_server_itself_and_listed_pages_may_call() -> None:
    assert PUBLIC.origin_allowed("https://scope.example", host="scope.example")
    assert PUBLIC.origin_allowed("https://app.example", host="scope.example")
    assert not PUBLIC.origin_allowed("https://other.example", host="scope.example")


def test_pages_from_disk_may_call_only_when_allowed_or_when_there_is_a_key() -> None:
    refused = OriginRules.of(Settings())
    allowed = OriginRules.of(Settings(allow_null_origin=True))
    keyed = OriginRules.of(Settings(api_key="k"))
    assert not refused.origin_allowed("null", host="localhost")
    assert allowed.origin_allowed("null", host="localhost")
    assert keyed.origin_allowed("null", host="localhost")


@pytest.mark.parametrize("name", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_addresses_are_known(name: str) -> None:
    assert is_loopback_address(name)
    assert is_loopback_name(name)


@pytest.mark.parametrize("name", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", ""])
def test_other_addresses_are_not_loopback(name: str) -> None:
    assert not is_loopback_name(name)

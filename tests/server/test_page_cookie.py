"""When a cookie counts, and how it is given."""

import pytest
from starlette.datastructures import Headers

from scope.server.page_cookie import pass_of, set_cookie

HERE = {"host": "localhost:8000"}
PROXIED = {"host": "scope.example"}


def shown(method: str = "GET", cookie: str = "scope-8000=abc", **headers: str) -> str | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return pass_of(Headers(HERE | {"cookie": cookie} | named), method=method)


def test_our_own_page_is_known_by_its_cookie() -> None:
    assert shown(sec_fetch_site="same-origin") == "abc"
    assert shown(sec_fetch_site="none") == "abc"
    assert shown("POST", origin="http://localhost:8000") == "abc"


def test_over_plain_http_browsers_do_not_say_who_reads() -> None:
    assert shown() == "abc"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_what_changes_something_needs_our_origin(method: str) -> None:
    assert shown(method) is None
    assert shown(method, origin="http://localhost:3000") is None
    assert shown(method, origin="null") is None
    assert shown(method, sec_fetch_site="same-origin") is None
    assert shown(method, origin="http://localhost:8000") == "abc"


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_a_page_on_another_port_or_site_does_not_read_with_it(site: str) -> None:
    assert shown(sec_fetch_site=site) is None


def test_another_servers_cookie_of_this_machine_is_not_taken() -> None:
    assert shown(cookie="scope-9000=abc; scope=abc") is None
    assert shown(cookie="scope-9000=no; scope-8000=abc") == "abc"


def test_over_plain_http_it_is_strict_hidden_from_scripts_and_of_this_port() -> None:
    given = set_cookie(Headers(HERE | {"origin": "http://localhost:8000"}), "abc", max_age_s=60.9)
    assert given == "scope-8000=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Strict"


def test_over_https_it_is_secure_and_bound_to_the_host() -> None:
    given = set_cookie(Headers(PROXIED | {"origin": "https://scope.example"}), "abc", max_age_s=9)
    assert given == "__Host-scope=abc; Path=/; Max-Age=9; HttpOnly; SameSite=Strict; Secure"
    cookie = PROXIED | {"cookie": "__Host-scope=abc"}
    assert pass_of(Headers(cookie), method="GET") == "abc"
    https, http = {"origin": "https://scope.example"}, {"origin": "http://scope.example"}
    assert pass_of(Headers(cookie | https), method="POST") == "abc"
    assert pass_of(Headers(cookie | http), method="POST") is None


def test_the_secure_one_wins() -> None:
    headers = PROXIED | {"cookie": "scope=planted; __Host-scope=real"}
    assert pass_of(Headers(headers), method="GET") == "real"


def test_an_address_with_colons_is_no_port() -> None:
    assert set_cookie(Headers({"host": "[::1]"}), "a", max_age_s=1).startswith("scope=a;")
    assert set_cookie(Headers({"host": "[::1]:80"}), "a", max_age_s=1).startswith("scope-80=a;")


def test_it_is_taken_away() -> None:
    assert "scope-8000=; Path=/; Max-Age=0" in set_cookie(Headers(HERE), "", max_age_s=9)

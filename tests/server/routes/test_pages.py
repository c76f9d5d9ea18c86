"""The pages ship with the server and need nobody else."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from scope.server.app import create_app
from scope.settings import Settings


@pytest.fixture(scope="module")
def http() -> TestClient:
    return TestClient(create_app(Settings(pipeline=None), object()), base_url="http://localhost")


@pytest.mark.parametrize("path", ["/", "/output", "/quickstart", "/docs"])
def test_pages_are_html_that_no_other_site_may_frame(http: TestClient, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/output"])
def test_the_page_holds_nothing_inline(http: TestClient, path: str) -> None:
    answer = http.get(path)
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.findall(r"<style|<script>|\sstyle=|\son[a-z]+=", answer.text)


def test_what_the_page_is_made_of_comes_packed_and_only_when_it_changed(http: TestClient) -> None:
    packed = http.get("/client.js")
    plain = http.get("/client.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert 2 * int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    again = http.get("/client.js", headers={"If-None-Match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_client_is_a_module(http: TestClient) -> None:
    assert http.get("/client.js").headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("path", ["/", "/output"])
def test_everything_the_page_names_is_there(http: TestClient, path: str) -> None:
    page = http.get(path).text
    named = re.findall(r'(?:src|href)="(/[^"#]+)"', page)
    assert named
    for name in named:
        assert http.get(name).status_code == 200, name


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "..%2fcli.py",
        "%2e%2e%2fsettings.py",
        "%2e%2e",
        "index",
        "a%00.js",
        "%2fetc%2fpasswd",
        "x" * 5000 + ".js",
    ],
)
def test_nothing_but_the_pages_can_be_fetched(http: TestClient, name: str) -> None:
    assert http.get(f"/web/{name}").status_code == 404


def test_the_list_of_routes_needs_no_other_server(http: TestClient) -> None:
    page = http.get("/docs").text
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page)
    assert "/api/v1/webrtc/offer" in page


def test_the_machine_readable_list_is_valid(http: TestClient) -> None:
    schema: dict[str, Any] = http.get("/openapi.json").json()
    assert schema["info"]["title"] == "Scope"
    ids = [op["operationId"] for path in schema["paths"].values() for op in path.values()]
    assert len(ids) == len(set(ids))


def test_the_list_of_routes_comes_packed_for_who_takes_it_so(http: TestClient) -> None:
    packed = http.get("/openapi.json")
    plain = http.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert 4 * int(packed.headers["content-length"]) < int(plain.headers["content-length"])

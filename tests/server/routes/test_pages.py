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


@pytest.mark.parametrize("path", ["/", "/quickstart", "/docs"])
def test_pages_are_html_that_no_other_site_may_frame(http: TestClient, path: str) -> None:
    answer = http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_page_holds_nothing_inline(http: TestClient) -> None:
    answer = http.get("/")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.findall(r"<style|<script>|\sstyle=|\son[a-z]+=", answer.text)


def test_the_client_is_a_module(http: TestClient) -> None:
    assert http.get("/client.js").headers["content-type"].startswith("text/javascript")


def test_everything_the_page_names_is_there(http: TestClient) -> None:
    page = http.get("/").text
    named = re.findall(r'(?:src|href)="(/[^"#]+)"', page)
    assert named
    for path in named:
        assert http.get(path).status_code == 200, path


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

"""The pages, which ship in the package, and the list of all routes."""

import html
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

import scope
from scope.server.access import Access, GuardedRoute, policy

router = APIRouter(route_class=GuardedRoute, include_in_schema=True, tags=["pages"])

WEB = Path(scope.__file__).parent / "web"
TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
MOST_NAME = 64
STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Of the pages, which hold nothing inline and load nothing from elsewhere."""
PAGE_POLICY = (
    "default-src 'self' 'unsafe-inline' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


@router.get("/", response_class=FileResponse)
@policy(Access.PUBLIC)
async def index() -> FileResponse:
    """The page."""
    return _file("index.html")


@router.get("/quickstart", response_class=FileResponse)
@policy(Access.PUBLIC)
async def quickstart() -> FileResponse:
    """The smallest page that plays a stream, to be copied."""
    return _file("quickstart.html")


@router.get("/output", response_class=FileResponse)
@policy(Access.PUBLIC)
async def output() -> FileResponse:
    """A running stream and nothing else, for projectors and video mixers."""
    return _file("output.html")


@router.get("/client.js", response_class=FileResponse)
@policy(Access.PUBLIC)
async def client() -> FileResponse:
    """The client as an ES module."""
    return _file("client.js")


@router.get("/web/{name}", response_class=FileResponse)
@policy(Access.PUBLIC)
async def asset(name: str) -> FileResponse:
    """What the pages are made of."""
    return _file(name)


@router.get("/openapi.json", response_class=JSONResponse)
@policy(Access.PUBLIC)
async def openapi(request: Request) -> JSONResponse:
    """Every route, for programs."""
    return JSONResponse(request.app.openapi())


@router.get("/docs", response_class=HTMLResponse)
@policy(Access.PUBLIC)
async def docs(request: Request) -> HTMLResponse:
    """Every route, for people; needs nothing from other servers."""
    rows = "".join(_rows(request.app.openapi()))
    return HTMLResponse(
        DOCS.replace("ROWS", rows), headers={"Content-Security-Policy": PAGE_POLICY}
    )


def _file(name: str) -> FileResponse:
    kind = TYPES.get(Path(name).suffix)
    path = WEB / name[:MOST_NAME]
    if kind is None or path.parent != WEB or not path.is_file():
        raise HTTPException(404)
    headers = {"Cache-Control": "no-cache"}
    if path.suffix == ".html":
        copied = name == "quickstart.html"
        headers["Content-Security-Policy"] = PAGE_POLICY if copied else STRICT_POLICY
    return FileResponse(path, media_type=kind, headers=headers)


def _rows(schema: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in sorted(schema["paths"].items()):
        for method, operation in methods.items():
            words = html.escape(operation.get("description", ""))
            yield (
                f"<tr><td><b>{method.upper()}</b></td><td><code>{html.escape(path)}</code></td>"
                f"<td>{words}</td></tr>"
            )


DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Scope API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: dark light }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
td { padding: .3rem 1rem .3rem 0; vertical-align: top }
table { border-collapse: collapse } tr { border-top: 1px solid #8884 }
</style></head><body>
<h1>Scope API</h1>
<p>Bodies and answers in full: <a href="/openapi.json">/openapi.json</a>.
The smallest client: <a href="/quickstart">/quickstart</a>.</p>
<table>ROWS</table>
</body></html>
"""

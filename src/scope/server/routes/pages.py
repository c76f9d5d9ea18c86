"""The pages, which ship in the package, and the list of all routes."""

import asyncio
import gzip
import hashlib
import html
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

import scope
from scope.keys.access import Access
from scope.server.access import GuardedRoute, policy

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


@router.get("/", response_class=Response)
@policy(Access.PUBLIC)
async def index(request: Request) -> Response:
    """The page."""
    return await _file("index.html", request)


@router.get("/quickstart", response_class=Response)
@policy(Access.PUBLIC)
async def quickstart(request: Request) -> Response:
    """The smallest page that plays a stream, to be copied."""
    return await _file("quickstart.html", request)


@router.get("/output", response_class=Response)
@policy(Access.PUBLIC)
async def output(request: Request) -> Response:
    """A running stream and nothing else, for projectors and video mixers."""
    return await _file("output.html", request)


@router.get("/client.js", response_class=Response)
@policy(Access.PUBLIC)
async def client(request: Request) -> Response:
    """The client as an ES module."""
    return await _file("client.js", request)


@router.get("/web/{name}", response_class=Response)
@policy(Access.PUBLIC)
async def asset(name: str, request: Request) -> Response:
    """What the pages are made of."""
    return await _file(name, request)


@router.get("/openapi.json", response_class=JSONResponse)
@policy(Access.PUBLIC)
async def openapi(request: Request) -> Response:
    """Every route, for programs."""
    content = bytes(JSONResponse(request.app.openapi()).body)
    return await _packed(content, "application/json", request, {"Vary": "Accept-Encoding"})


@router.get("/docs", response_class=Response)
@policy(Access.PUBLIC)
async def docs(request: Request) -> Response:
    """Every route, for people; needs nothing from other servers."""
    rows = "".join(_rows(request.app.openapi()))
    return HTMLResponse(
        DOCS.replace("ROWS", rows), headers={"Content-Security-Policy": PAGE_POLICY}
    )


async def _file(name: str, request: Request) -> Response:
    kind = TYPES.get(Path(name).suffix)
    path = WEB / name[:MOST_NAME]
    if kind is None or path.parent != WEB or not path.is_file():
        raise HTTPException(404)
    content = await asyncio.to_thread(path.read_bytes)
    etag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag, "Vary": "Accept-Encoding"}
    if path.suffix == ".html":
        copied = name == "quickstart.html"
        headers["Content-Security-Policy"] = PAGE_POLICY if copied else STRICT_POLICY
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return await _packed(content, kind, request, headers)


async def _packed(content: bytes, kind: str, request: Request, headers: dict[str, str]) -> Response:
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = await asyncio.to_thread(gzip.compress, content, 6, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=kind, headers=headers)


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

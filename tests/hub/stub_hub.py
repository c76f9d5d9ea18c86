"""A model hub on loopback: repositories with files, and the ways a real hub goes wrong.

Enough of the hub's protocol for its own client: HEAD and GET of files with ETag, commit, size,
redirect to storage of another origin, and Range.
"""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

COMMIT = "c" * 40


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    range: str | None
    authorization: str | None


@dataclass
class StubHub:
    """files: content by "owner/name/file". large: stored apart, behind a redirect.

    breaks_after: a GET of that file breaks off after so many bytes, once. damages: that file is
    served with a byte changed. gated, private: repositories that want a token. pause_after: a GET
    stops after so many bytes until `go_on` is set.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    breaks_after: dict[str, int] = field(default_factory=dict)
    damages: set[str] = field(default_factory=set)
    gated: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    pause_after: dict[str, int] = field(default_factory=dict)
    token: str = "hf_right"
    down: bool = False
    go_on: threading.Event = field(default_factory=threading.Event)
    paused: threading.Event = field(default_factory=threading.Event)
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    storage_url: str = ""

    def etag(self, key: str) -> str:
        content = self.files[key]
        if key in self.large:
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def bodies_of(self, name: str) -> list[Request]:
        """The requests that brought content of that file."""
        return [r for r in self.requests if r.method == "GET" and r.path.endswith(name)]


@contextmanager
def stub_hub(**options: Any) -> Iterator[StubHub]:
    hub = StubHub(**options)
    servers = []
    for storage in (False, True):
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), type("_", (Handler,), {"hub": hub, "storage": storage})
        )
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
    hub.url, hub.storage_url = (f"http://127.0.0.1:{s.server_address[1]}" for s in servers)
    try:
        yield hub
    finally:
        hub.go_on.set()
        for server in servers:
            server.shutdown()
            server.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for a hub, or for its storage."""

    hub: StubHub
    storage: bool
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        path = unquote(self.path)
        authorization = self.headers.get("Authorization")
        self.hub.requests.append(
            Request(self.command, path, self.headers.get("Range"), authorization)
        )
        if self.hub.down:
            self._empty(503)
            return
        if self.storage:
            self._content(path.lstrip("/"))
            return
        repository, _, rest = path.lstrip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        if refusal := self._refusal(repository, revision, authorization):
            self._empty(refusal[0], **{"X-Error-Code": refusal[1], "X-Repo-Commit": COMMIT})
            return
        key = f"{repository}/{name}"
        if key not in self.hub.files:
            self._empty(404, **{"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        elif key in self.hub.large:
            self._redirect(key)
        else:
            self._content(key)

    def _refusal(
        self, repository: str, revision: str, authorization: str | None
    ) -> tuple[int, str] | None:
        trusted = authorization == f"Bearer {self.hub.token}"
        if not any(key.startswith(f"{repository}/") for key in self.hub.files):
            return 404, "RepoNotFound"
        if repository in self.hub.private and not trusted:
            return 401, "RepoNotFound"
        if repository in self.hub.gated and not trusted:
            return 403, "GatedRepo"
        if revision not in {"main", COMMIT}:
            return 404, "RevisionNotFound"
        return None

    def _redirect(self, key: str) -> None:
        self._empty(
            302,
            Location=f"{self.hub.storage_url}/{key}",
            **{
                "X-Repo-Commit": COMMIT,
                "X-Linked-Etag": f'"{self.hub.etag(key)}"',
                "X-Linked-Size": str(len(self.hub.files[key])),
            },
        )

    def _content(self, key: str) -> None:
        body = self.hub.files[key]
        if key in self.hub.damages:
            body = bytes([body[0] ^ 1]) + body[1:]
        first = 0
        if asked := self.headers.get("Range"):
            first = int(asked.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - first))
        self.send_header("ETag", f'"{self.hub.etag(key)}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self._send(key, body[first:])

    def _send(self, key: str, body: bytes) -> None:
        if (most := self.hub.breaks_after.pop(key, None)) is not None:
            self.wfile.write(body[:most])
            self.close_connection = True
            return
        if (most := self.hub.pause_after.pop(key, None)) is not None:
            self.wfile.write(body[:most])
            self.wfile.flush()
            self.hub.paused.set()
            self.hub.go_on.wait(30)
            body = body[most:]
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _empty(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

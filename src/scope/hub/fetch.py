"""Fetches files into the hub's cache: asks for sizes, checks the disk, downloads, verifies.

Runs in a process of its own and blocks it. huggingface_hub does the talking and keeps the
cache's layout; what it does not do is kept here: a part survives a stop and is continued
(the library starts over), and a file counts only once its hash is right.
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, cast

from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented there

from scope.hub.hashes import content_hash
from scope.hub.order import PART, Finished, Moved, News, Order, Planned, Stage
from scope.hub.problems import Damaged, InUse, NoRoom
from scope.pipelines.artifacts import Artifact, repository_folder

TELL_EVERY_S = 0.2
SPARE_BYTES = 256 * 2**20

Tell = Callable[[News], None]

_ETAG = re.compile(r"[A-Za-z0-9_-]{1,128}")  # it names a file here


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file as the hub describes it. blob: where its content goes."""

    artifact: Artifact
    name: str
    url: str
    etag: str
    size_bytes: int
    blob: Path

    @property
    def part(self) -> Path:
        """Where the content gathers until it is whole; named by content, so never mixed."""
        return self.blob.with_name(self.blob.name + PART)

    def bytes_here(self) -> int:
        """How much of it is here."""
        for path in (self.blob, self.part):
            if path.is_file():
                return min(path.stat().st_size, self.size_bytes)
        return 0


class Fetch:
    """One order on its way. `working_on` is the artifact in hand, for error messages."""

    def __init__(
        self,
        order: Order,
        *,
        tell: Tell,
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.working_on: Artifact | None = None
        self._order = order
        self._tell = tell
        self._free_bytes = free_bytes
        self._headers = build_hf_headers(token=order.token, library_name="daydream-scope")
        self._done = 0
        self._told_s = 0.0

    def run(self) -> None:
        """Do it. Raises what `problems` puts into words."""
        wanted = [
            self._ask(artifact, name)
            for artifact in self._order.artifacts
            for name in artifact.files
        ]
        self._done = sum(each.bytes_here() for each in wanted)
        total = sum(each.size_bytes for each in wanted)
        self._tell(Planned(bytes_total=total, bytes_done=self._done))
        self._check_room(total - self._done)
        for each in wanted:
            self._bring(each)
        self._tell(Finished())

    def _ask(self, artifact: Artifact, name: str) -> Wanted:
        self.working_on = artifact
        self._report("asking", name, always=True)
        endpoint = self._order.endpoint
        url = hf_hub_url(artifact.repository, name, revision=artifact.revision, endpoint=endpoint)
        told = get_hf_file_metadata(url, headers=self._headers, endpoint=endpoint, token=False)
        if told.size is None or not told.commit_hash or not _ETAG.fullmatch(told.etag or ""):
            raise Damaged(name)
        folder = repository_folder(self._order.cache, artifact.repository)
        pinned = hf_hub_url(artifact.repository, name, revision=told.commit_hash, endpoint=endpoint)
        etag = str(told.etag)
        return Wanted(artifact, name, pinned, etag, told.size, folder / "blobs" / etag)

    def _check_room(self, needed_bytes: int) -> None:
        folder = self._order.cache
        folder.mkdir(parents=True, exist_ok=True)
        free_bytes = self._free_bytes(folder)
        if needed_bytes and needed_bytes + SPARE_BYTES > free_bytes:
            raise NoRoom(
                needed_bytes=needed_bytes + SPARE_BYTES, free_bytes=free_bytes, folder=str(folder)
            )

    def _bring(self, wanted: Wanted) -> None:
        self.working_on = wanted.artifact
        if not wanted.blob.is_file():
            self._download(wanted)
            self._report("checking", wanted.name, always=True)
            self._accept(wanted)
        # The library finds the content in place and enters it under the file's name.
        hf_hub_download(
            wanted.artifact.repository,
            wanted.name,
            revision=wanted.artifact.revision,
            cache_dir=self._order.cache,
            endpoint=self._order.endpoint,
            token=self._order.token,
        )

    def _download(self, wanted: Wanted) -> None:
        wanted.part.parent.mkdir(parents=True, exist_ok=True)
        self._report("downloading", wanted.name, always=True)

        def moved(count: float) -> None:
            self._done += int(count)
            self._report("downloading", wanted.name)

        class Bar(_Bar):
            told = staticmethod(moved)

        with wanted.part.open("ab") as file:
            _reserve(file, wanted.name)
            here = file.seek(0, os.SEEK_END)
            if here > wanted.size_bytes:
                file.truncate(0)
                here = file.seek(0)
            http_get(
                wanted.url,
                file,
                resume_size=here,
                headers=self._headers,
                expected_size=wanted.size_bytes,
                tqdm_class=cast("Any", Bar),
            )

    def _accept(self, wanted: Wanted) -> None:
        expected = wanted.etag
        actual = content_hash(wanted.part, like=expected)
        if actual is not None and actual != expected:
            wanted.part.unlink()
            raise Damaged(wanted.name)
        wanted.part.replace(wanted.blob)

    def _report(self, stage: Stage, name: str, *, always: bool = False) -> None:
        now_s = time.monotonic()
        if always or now_s - self._told_s >= TELL_EVERY_S:
            self._told_s = now_s
            self._tell(Moved(stage=stage, name=name, bytes_done=self._done))


def _reserve(file: BinaryIO, name: str) -> None:
    """Keep other processes from adding to the same part; until it is closed, or we end."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUse(name) from None


class _Bar:
    """What the library takes for a progress bar."""

    told: Callable[[float], None]

    def __init__(self, **_: Any) -> None:
        """Nothing is drawn."""

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to clean."""

    def update(self, count: float) -> None:
        """`count` bytes more; fewer where the hub made the library start over."""
        self.told(count)

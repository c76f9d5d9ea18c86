"""The hash a hub names a file's content by: SHA-256 for large files, git's SHA-1 for small.

Decides from a name's length which it is. Knows neither caches nor networks.
"""

import hashlib
import re
from pathlib import Path

_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT = re.compile(r"[0-9a-f]{40}")


def content_hash(path: Path, *, like: str) -> str | None:
    """The hash of that file in the manner of `like`; None where that is no such hash."""
    if _SHA256.fullmatch(like):
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    if _GIT.fullmatch(like):
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        with path.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
        return digest.hexdigest()
    return None

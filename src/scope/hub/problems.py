"""Why a download failed, in words that say what to do, with a stable code.

Knows the exceptions of the hub's library and of the disk; decides no retry.
"""

import errno

import httpx2
from huggingface_hub.errors import (
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from scope.hub.order import Failed
from scope.pipelines.artifacts import Artifact


class NoRoom(Exception):
    """The disk is too small for what is to come."""

    def __init__(self, *, needed_bytes: int, free_bytes: int, folder: str) -> None:
        super().__init__(needed_bytes, free_bytes, folder)
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes
        self.folder = folder


class Damaged(Exception):
    """A file is not what the hub said it would be."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class InUse(Exception):
    """Another process is fetching this file."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


EXPECTED = (OSError, httpx2.HTTPError, NoRoom, Damaged, InUse)
"""What is raised when something outside is wrong."""


def in_words(error: Exception, *, artifact: Artifact | None, endpoint: str) -> Failed:
    """`error`, met while fetching `artifact` from `endpoint`, for people."""
    repository = artifact.repository if artifact else "the repository"
    if isinstance(error, NoRoom | Damaged | InUse):
        return _ours(error, repository)
    if isinstance(error, HfHubHTTPError):
        revision = artifact.revision if artifact else "that revision"
        return _absent(error, repository, revision, endpoint) or _refused(
            error, repository, endpoint
        )
    if isinstance(error, LocalEntryNotFoundError | FileMetadataError | httpx2.HTTPError):
        return Failed(
            "unreachable",
            f"{endpoint} does not answer. Check the connection, or HF_ENDPOINT. What has arrived "
            "is kept.",
        )
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Failed("disk_full", "The disk is full. What has arrived is kept.")
    if isinstance(error, OSError) and error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return Failed("not_writable", f"{error.filename} can not be written.")
    return Failed("download_failed", f"The download of {repository} failed: {error}"[:500])


def in_gb(size_bytes: int) -> str:
    """A size as people say it."""
    if size_bytes < 10**9:
        return f"{size_bytes / 10**6:.0f} MB"
    return f"{size_bytes / 10**9:.1f} GB"


def _ours(error: NoRoom | Damaged | InUse, repository: str) -> Failed:
    if isinstance(error, NoRoom):
        return Failed(
            "disk_full",
            f"The download needs {in_gb(error.needed_bytes)}; {in_gb(error.free_bytes)} are free "
            f"at {error.folder}. Free some, or set HF_HOME to a larger disk.",
        )
    if isinstance(error, InUse):
        return Failed(
            "in_use", f"Another program is fetching {repository} → {error.name} at this moment."
        )
    return Failed(
        "damaged", f"{repository} → {error.name} arrived damaged and was thrown away. Start again."
    )


def _absent(error: HfHubHTTPError, repository: str, revision: str, endpoint: str) -> Failed | None:
    match error:
        case GatedRepoError():
            return Failed(
                "gated",
                f"{repository} wants its terms accepted: open {endpoint}/{repository}, accept "
                "them, and set HF_TOKEN to a token of that account.",
            )
        case RevisionNotFoundError():
            return Failed("not_found", f"{repository} has no revision {revision}.")
        case RemoteEntryNotFoundError():
            return Failed("not_found", f"A file of {repository} is no longer there.")
        case RepositoryNotFoundError():
            return Failed(
                "not_found",
                f"{endpoint} has no {repository}, or it is private: then set HF_TOKEN.",
            )
    return None


def _refused(error: HfHubHTTPError, repository: str, endpoint: str) -> Failed:
    status = error.response.status_code
    if status == 401:
        return Failed("unauthorized", f"{endpoint} does not take the token. Check HF_TOKEN.")
    if status == 403:
        return Failed("forbidden", f"The token may not read {repository}.")
    if status == 429:
        return Failed("too_many_requests", f"{endpoint} asks for a pause. Try again later.")
    return Failed("unreachable", f"{endpoint} answers with status {status}. Try again later.")

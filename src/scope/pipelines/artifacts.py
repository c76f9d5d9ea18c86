"""Files a pipeline needs from a model hub, and where they lie once they are here.

Decides how an announced file maps to a path in the hub's cache folder, which other programs
share. It knows no network: fetching is the hub package's business.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

MAIN = "main"

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_REVISION = re.compile(r"[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """Files of one repository that belong together.

    about_bytes: their size as published, for a first answer; the hub is asked before a download.
    revision: a branch, a tag or, to pin it, a commit. only_for: a load parameter and its values
    that need these files; None: every load does.
    """

    repository: str
    files: tuple[str, ...]
    purpose: str
    licence: str
    about_bytes: int
    revision: str = MAIN
    only_for: tuple[str, tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        """Names become paths, so they are checked here, once, for everybody."""
        if not _REPOSITORY.fullmatch(self.repository) or ".." in self.repository:
            raise ValueError(f"{self.repository!r} is not a repository such as name/model")
        if not _REVISION.fullmatch(self.revision):
            raise ValueError(f"{self.revision!r} is not a revision")
        for name in self.files:
            path = PurePosixPath(name)
            if not name or path.is_absolute() or ".." in path.parts or path.as_posix() != name:
                raise ValueError(f"{name!r} is not a file of a repository")


def needed(artifacts: Iterable[Artifact], load_params: Mapping[str, Any]) -> tuple[Artifact, ...]:
    """Those a load with these parameters uses; a parameter not given has its default."""
    return tuple(
        artifact
        for artifact in artifacts
        if artifact.only_for is None
        or load_params.get(artifact.only_for[0]) in artifact.only_for[1]
    )


def repository_folder(cache: Path, repository: str) -> Path:
    """Where the cache keeps a repository, in the layout all programs of the hub share."""
    return cache / f"models--{repository.replace('/', '--')}"


def snapshot_folder(cache: Path, artifact: Artifact) -> Path | None:
    """The folder of the revision that is here, or None."""
    folder = repository_folder(cache, artifact.repository)
    commit = artifact.revision
    if not _COMMIT.fullmatch(commit):
        try:
            commit = (folder / "refs" / artifact.revision).read_text().strip()
        except OSError:
            return None
    if not _COMMIT.fullmatch(commit):
        return None
    snapshot = folder / "snapshots" / commit
    return snapshot if snapshot.is_dir() else None


def file_here(cache: Path, artifact: Artifact, name: str) -> Path | None:
    """The path of one file of `artifact`, or None while it is not here."""
    snapshot = snapshot_folder(cache, artifact)
    if snapshot is None:
        return None
    path = snapshot / name
    return path if path.is_file() else None


def missing_files(cache: Path, artifact: Artifact) -> tuple[str, ...]:
    """The files of `artifact` that are not here."""
    return tuple(name for name in artifact.files if file_here(cache, artifact, name) is None)


def require_files(cache: Path, artifact: Artifact) -> dict[str, Path]:
    """Every file of `artifact` by its name. Raises FileNotFoundError naming the first missing."""
    found: dict[str, Path] = {}
    for name in artifact.files:
        path = file_here(cache, artifact, name)
        if path is None:
            raise FileNotFoundError(
                f"{artifact.repository} → {name} is not here (looked in {os.fspath(cache)})"
            )
        found[name] = path
    return found

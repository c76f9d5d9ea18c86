"""Model files on this disk: what is here, whether it is undamaged, and taking it away.

Blocks: hashing and deleting are slow. Never touches a path outside the cache folder, nor a file
that another revision or pipeline still uses. Knows no network.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scope.hub.hashes import content_hash
from scope.hub.order import PART
from scope.pipelines.artifacts import (
    Artifact,
    file_here,
    missing_files,
    repository_folder,
)

Verdict = Literal["good", "damaged", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What verifying one file found. "unknown": here, but without a hash to compare with."""

    artifact: Artifact
    name: str
    verdict: Verdict


class Shelf:
    """The cache folder, seen as the artifacts pipelines announce."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache

    def missing(self, artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
        """Those of which a file is not here."""
        return tuple(artifact for artifact in artifacts if missing_files(self.cache, artifact))

    def bytes_here(self, artifact: Artifact) -> int:
        """Size of its files that are here."""
        paths = (file_here(self.cache, artifact, name) for name in artifact.files)
        return sum(path.stat().st_size for path in paths if path is not None)

    def verify(
        self,
        artifacts: Iterable[Artifact],
        *,
        told: Callable[[Checked], None] = lambda checked: None,
    ) -> tuple[Checked, ...]:
        """Hash every file; `told` hears of each as it is done."""
        results: list[Checked] = []
        for artifact in artifacts:
            for name in artifact.files:
                results.append(Checked(artifact, name, self._verdict(artifact, name)))
                told(results[-1])
        return tuple(results)

    def remove(self, artifacts: Iterable[Artifact], *, kept: Sequence[Artifact] = ()) -> int:
        """Delete their files and unfinished parts, but no file of `kept`. Bytes freed."""
        freed = 0
        still_wanted = {(each.repository, each.revision, n) for each in kept for n in each.files}
        for artifact in artifacts:
            for name in artifact.files:
                if (artifact.repository, artifact.revision, name) not in still_wanted:
                    freed += self._remove_file(artifact, name)
            freed += self._remove_parts(artifact)
        return freed

    def _verdict(self, artifact: Artifact, name: str) -> Verdict:
        path = file_here(self.cache, artifact, name)
        if path is None:
            return "missing"
        expected = path.resolve().name if path.is_symlink() else ""
        actual = content_hash(path, like=expected)
        if actual is None:
            return "unknown"
        return "good" if actual == expected else "damaged"

    def _remove_file(self, artifact: Artifact, name: str) -> int:
        pointer = file_here(self.cache, artifact, name)
        if pointer is None:
            return 0
        folder = repository_folder(self.cache, artifact.repository)
        content = pointer.resolve()
        size = content.stat().st_size
        pointer.unlink()
        _drop_empty(pointer.parent, stop=folder)
        # Content is shared between revisions; and a link may lead out of the cache.
        blobs = (folder / "blobs").resolve()
        if content == pointer or content.parent != blobs:
            return size if content == pointer else 0
        if any(_leads_to(link, content) for link in (folder / "snapshots").rglob("*")):
            return 0
        content.unlink()
        return size

    def _remove_parts(self, artifact: Artifact) -> int:
        freed = 0
        blobs = repository_folder(self.cache, artifact.repository) / "blobs"
        for part in blobs.glob(f"*{PART}"):
            freed += part.stat().st_size
            part.unlink()
        return freed


def _leads_to(link: Path, content: Path) -> bool:
    return link.is_symlink() and link.resolve() == content


def _drop_empty(folder: Path, *, stop: Path) -> None:
    """Remove folders that hold nothing any more, up to the repository's own."""
    while folder != stop and stop in folder.parents and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent

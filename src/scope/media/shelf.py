"""Where recordings are kept: one folder, files by session and number, not for ever.

Decides names, what is old, and what goes when there is too much. Blocks on the disk; belongs
on a thread. It does not know what runs: whoever asks names the files that must stay.
"""

import re
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger("scope.media")
_SESSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")
_NUMBERED = re.compile(r"(?P<session>[0-9A-Za-z][0-9A-Za-z_-]{0,63})-(?P<number>[0-9]{4})\.mp4")
MOST_OF_ONE_SESSION = 9999


@dataclass(frozen=True, slots=True)
class ShelfLimits:
    """keep_s: after a recording has ended. total_bytes: of all together."""

    keep_s: float = 86_400.0
    total_bytes: int = 10 * 2**30
    free_bytes: int = 512 * 2**20
    """What a new recording leaves of the disk."""


class RecordingShelf:
    """The recordings in one folder."""

    def __init__(self, folder: Path, *, limits: ShelfLimits) -> None:
        self._folder = folder
        self._limits = limits

    def place_for(self, session_id: str) -> tuple[int, Path]:
        """A new file of that session. Raises OSError where there is no room for one."""
        if _SESSION.fullmatch(session_id) is None:
            raise OSError(f"{session_id!r} can not be part of a file's name")
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self._folder).free < self._limits.free_bytes:
            raise OSError("the disk is nearly full")
        number = max(self.numbers(session_id), default=0) + 1
        if number > MOST_OF_ONE_SESSION:
            raise OSError("this session has as many recordings as it may have")
        return number, self._path(session_id, number)

    def numbers(self, session_id: str) -> list[int]:
        """Which recordings of that session there are."""
        return sorted(
            int(found["number"])
            for path in self._files()
            if (found := _NUMBERED.fullmatch(path.name)) and found["session"] == session_id
        )

    def find(self, session_id: str, number: int | None = None) -> tuple[int, Path] | None:
        """That recording, or the session's last one."""
        numbers = self.numbers(session_id)
        wanted = number if number is not None else (numbers[-1] if numbers else 0)
        return (wanted, self._path(session_id, wanted)) if wanted in numbers else None

    def tidy(self, *, now_s: float, keep: Collection[Path] = ()) -> list[Path]:
        """Remove what is old, and the oldest of too much; what was removed.

        now_s: of the wall clock, as files have it. keep: files that are being written.
        """
        aged = sorted(
            (status.st_mtime, status.st_size, path)
            for path in self._files()
            if path not in keep and (status := path.stat())
        )
        total, removed = sum(size for _, size, _ in aged), []
        for changed_s, size, path in aged:
            if now_s - changed_s > self._limits.keep_s or total > self._limits.total_bytes:
                try:
                    path.unlink(missing_ok=True)
                except OSError as error:  # the others go all the same
                    log.error("recording_not_removed", name=path.name, reason=str(error))
                    continue
                removed.append(path)
                total -= size
        return removed

    def _files(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if _NUMBERED.fullmatch(path.name)]

    def _path(self, session_id: str, number: int) -> Path:
        return self._folder / f"{session_id}-{number:04}.mp4"

"""A small JSON file that only its owner may read, replaced whole or not at all.

Decides mode, atomicity and how large it may be; not what is in it.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOST_BYTES = 512 * 1024

Signature = tuple[int, int, int]


class Damaged(Exception):
    """The file can not be read, or is none of ours; the text says which and why."""


class OutOfReach(Damaged):
    """The disk did not give the file just now, which says nothing of what is in it."""


class PrivateFile:
    """The file at `path`, which need not be there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def signature(self) -> Signature | None:
        """Differs after every change; None where there is no file. Raises Damaged."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _trouble(f"{self.path} cannot be looked at", error) from error
        return found.st_mtime_ns, found.st_ino, found.st_size

    def read(self) -> Any:
        """The JSON in it; None where there is no file. Raises Damaged."""
        try:
            with self.path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _trouble(f"{self.path} cannot be read", error) from error
        if len(data) > MOST_BYTES:
            raise Damaged(f"{self.path} is larger than {MOST_BYTES} bytes")
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Damaged(f"{self.path} is not JSON") from error

    def write(self, value: Any) -> None:
        """Replace what is in it. Raises Damaged."""
        text = json.dumps(value, indent=1, ensure_ascii=False)
        part = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, part = tempfile.mkstemp(prefix=f".{self.path.name}-", dir=self.path.parent)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:  # mkstemp made it 0600
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(self.path)
        except OSError as error:
            if part is not None:
                Path(part).unlink(missing_ok=True)
            raise Damaged(f"{self.path} cannot be written: {error.strerror}") from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other writers out meanwhile. Raises Damaged."""
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Damaged(f"{lock} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _trouble(what: str, error: OSError) -> Damaged:
    """Something else where the file was is no trouble of the disk's: the file is gone."""
    elsewhere = isinstance(error, IsADirectoryError | NotADirectoryError)
    return (Damaged if elsewhere else OutOfReach)(f"{what}: {error.strerror}")

"""The keys of a server as they lie on disk: made and revoked by the command, read by the server.

Decides the form of the file and how many keys it takes. No secret is ever in it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scope.keys.access import SCOPES
from scope.keys.key import MOST_LABEL, Key
from scope.keys.private_file import Damaged, PrivateFile, Signature

VERSION = 1
MOST_KEYS = 256


class TooManyKeys(Exception):
    """The file is full."""


class KeyFile:
    """See the module. Every call reads or writes the disk."""

    def __init__(self, path: Path) -> None:
        self._file = PrivateFile(path)
        self.path = path

    def signature(self) -> Signature | None:
        """Differs after every change; None where there is no file."""
        return self._file.signature()

    def all(self) -> tuple[Key, ...]:
        """The keys, oldest first; none where there is no file. Raises Damaged."""
        value = self._file.read()
        if value is None:
            return ()
        try:
            if value["version"] != VERSION or len(value["keys"]) > MOST_KEYS:
                raise ValueError
            return tuple(_key_of(entry) for entry in value["keys"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise Damaged(f"{self.path} is no key file of this program") from error

    def add(self, key: Key) -> None:
        """Keep `key` too; expired ones make room. Raises Damaged, TooManyKeys."""
        with self._file.held():
            kept = [old for old in self.all() if not old.is_over(key.created_s)]
            if len(kept) >= MOST_KEYS:
                raise TooManyKeys(f"{self.path} holds {MOST_KEYS} keys, as many as it may")
            self._write((*kept, key))

    def remove(self, key_id: str) -> Key | None:
        """Forget that key; which it was, if it was there. Raises Damaged."""
        with self._file.held():
            keys = self.all()
            found = next((key for key in keys if key.id == key_id), None)
            if found is not None:
                self._write(key for key in keys if key is not found)
            return found

    def _write(self, keys: Iterable[Key]) -> None:
        self._file.write({"version": VERSION, "keys": [_entry_of(key) for key in keys]})


def iso(seconds: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _entry_of(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "scope": key.access.word,
        "label": key.label,
        "created": iso(key.created_s),
        "expires": iso(key.expires_s),
        "salt": key.salt.hex(),
        "sha256": key.digest.hex(),
    }


def _key_of(entry: dict[str, Any]) -> Key:
    expires = entry["expires"]
    if not (isinstance(entry["id"], str) and isinstance(entry["label"], str)):
        raise TypeError
    digest = bytes.fromhex(entry["sha256"])
    if len(digest) != 32:
        raise ValueError
    return Key(
        id=entry["id"],
        access=SCOPES[entry["scope"]],
        label=entry["label"][:MOST_LABEL],
        created_s=datetime.fromisoformat(entry["created"]).timestamp(),
        expires_s=None if expires is None else datetime.fromisoformat(expires).timestamp(),
        salt=bytes.fromhex(entry["salt"]),
        digest=digest,
    )

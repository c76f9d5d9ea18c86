"""People with keys of a server of the tests."""

import time
from pathlib import Path
from typing import Any

import httpx2

from scope.keys.access import Access
from scope.keys.key import new_key
from scope.keys.key_file import KeyFile


class People:
    """A key file, and callers who hold keys of it."""

    def __init__(self, path: Path) -> None:
        self.file = KeyFile(path)
        self.admin, self.stage, self.desk, self.guest = (
            self.key(access, label)
            for access, label in (
                (Access.ADMIN, "admin"),
                (Access.CONTROL, "stage"),
                (Access.CONTROL, "desk"),
                (Access.VIEW, "guest"),
            )
        )

    def key(self, access: Access, label: str = "") -> str:
        """The text of a new key."""
        key, text = new_key(access, label, now_s=time.time())
        self.file.add(key)
        return text

    def revoke(self, text: str) -> None:
        """Take a key back."""
        assert self.file.remove(text.split("_")[1])


def calling(live: Any, key: str | None) -> httpx2.AsyncClient:
    """Calls to a server with that key; close it."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx2.AsyncClient(
        base_url=live.http.base_url, headers=headers, timeout=15, trust_env=False
    )

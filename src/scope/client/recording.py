"""A recording the server makes of a session, from its start to the file on this disk."""

import asyncio
from pathlib import Path

from scope.client.http import Http


class Recording:
    """Recorded on the server from the packets everybody gets; `stop` brings it here."""

    def __init__(self, http: Http, session_id: str, path: Path) -> None:
        self.path = path
        self._http = http
        self._route = f"/api/v1/recordings/{session_id}"

    async def start(self) -> None:
        """Begin. Raises ClientError, and FileNotFoundError where the file could not be kept."""
        if not await asyncio.to_thread(self.path.parent.is_dir):
            raise FileNotFoundError(f"there is no folder {self.path.parent}")
        await self._http.post(f"{self._route}/start")

    async def stop(self) -> int:
        """End it and bring the MP4 to `path`; its size in bytes."""
        told = await self._http.post(f"{self._route}/stop")
        named = told.get("url", "") if isinstance(told, dict) else ""
        where = named if named.startswith(f"{self._route}?") else self._route
        return await self._http.save(where, self.path)

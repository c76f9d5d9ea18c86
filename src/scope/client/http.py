"""Requests to one server: JSON in, JSON out, typed errors.

Decides what counts as not reachable. Knows no route.
"""

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx2

from scope.client.errors import ClientError, Unreachable, error_of_answer


class Http:
    """See the module. Use as an async context manager, or `aclose` it."""

    def __init__(self, base_url: str, *, api_key: str | None = None, timeout_s: float = 30) -> None:
        self.base_url = base_url.rstrip("/")
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx2.AsyncClient(
            base_url=self.base_url, headers=headers, timeout=timeout_s
        )

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        host = self._client.base_url.host
        return host in {"localhost", "::1"} or host.startswith("127.")

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON at `path`; parameters that are None are left out."""
        return (await self._request("GET", path, params=_given(query))).json()

    async def read(self, path: str, **query: Any) -> bytes:
        """The bytes at `path`."""
        return (await self._request("GET", path, params=_given(query))).content

    async def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """What the server answers to `body`."""
        answer = await self._request("POST", path, json=body or {}, params=_given(query))
        return answer.json() if answer.content else None

    async def exchange_sdp(self, path: str, sdp: str, **query: Any) -> tuple[str, str]:
        """An answer to an offer by the rules of WHEP, and the path of what was made."""
        kind = {"Content-Type": "application/sdp"}
        answer = await self._request("POST", path, content=sdp, headers=kind, params=_given(query))
        return answer.text, answer.headers.get("Location", "")

    async def save(self, path: str, file: Path) -> int:
        """Bring the bytes at `path` to `file`, which appears when it is whole. Its size."""
        part = file.with_name(file.name + ".part")
        size = 0
        try:
            async with self._client.stream("GET", path) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise _refused(answer)
                with await asyncio.to_thread(part.open, "wb") as target:
                    async for block in answer.aiter_bytes():
                        size += await asyncio.to_thread(target.write, block)
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        await asyncio.to_thread(part.replace, file)
        return size

    async def delete(self, path: str) -> None:
        """Remove what is at `path`."""
        await self._request("DELETE", path)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> "Http":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _request(self, method: str, path: str, **parts: Any) -> httpx2.Response:
        try:
            answer = await self._client.request(method, path, **parts)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._unreachable(error) from error
        if not answer.is_success:
            raise _refused(answer)
        return answer

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(
            f"No server answers at {self.base_url} ({type(error).__name__}).", code="unreachable"
        )


def _refused(answer: httpx2.Response) -> ClientError:
    return error_of_answer(
        answer.status_code, _json(answer), retry_after=answer.headers.get("Retry-After")
    )


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _json(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None

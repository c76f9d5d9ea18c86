"""A live stream as a program uses it: prompts in, pictures out.

Decides how wishes become messages and frames become arrays. That the stream survives its
connections is `line`'s business.
"""

import asyncio
import io
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image

from scope.client.errors import ClientError
from scope.client.http import Http
from scope.client.line import Line
from scope.client.pictures import PixelFormat, pictures
from scope.client.recording import Recording
from scope.client.values import (
    Applied,
    Event,
    Method,
    Picture,
    Prompt,
    StreamState,
    wire_prompts,
)
from scope.protocol.notices import Control, Hello, Stats

MOST_EVENTS = 256


class Stream:
    """See the module. An async context manager; made by `Client.stream`."""

    def __init__(self, http: Http, line: Line) -> None:
        self._http = http
        self._line = line

    async def __aenter__(self) -> "Stream":
        await self._line.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the stream and free the session."""
        await self._line.close()

    @property
    def id(self) -> str:
        """Of the session that plays."""
        return self._line.session_id

    @property
    def state(self) -> StreamState:
        """connecting → connected → streaming ⇄ paused, reconnecting in between, closed."""
        return self._line.state

    @property
    def hello(self) -> Hello | None:
        """Pipeline, seed, size and rate of what plays."""
        return self._line.hello

    @property
    def stats(self) -> Stats | None:
        """The newest figures of the server."""
        return self._line.stats

    @property
    def control(self) -> Control | None:
        """Who controls the stream, as the server last said."""
        return self._line.control

    @property
    def error(self) -> ClientError | None:
        """Why the stream is closed, where it was nobody's wish."""
        return self._line.error

    # Asking.

    async def prompt(
        self, *prompts: str | Prompt, steps: int = 8, method: Method = "slerp", cut: bool = False
    ) -> Applied:
        """Glide to these prompts over `steps` chunks, or with `cut` start anew with them.

        Returns when the first frame of it leaves the server. Raises BadParameter.
        """
        targets = wire_prompts(prompts)
        if cut or steps == 0:
            return await self.set(prompts=targets, **({"reset_cache": True} if cut else {}))
        return await self.set(
            transition={
                "target_prompts": targets,
                "num_steps": steps,
                "temporal_interpolation_method": method,
            }
        )

    async def set(self, **parameters: Any) -> Applied:
        """Change any parameters; returns when they are in the picture. Raises BadParameter.

        While the connection is away they wait for it; while the stream is paused, for its end.
        """
        began_s = time.monotonic()
        told = await self._line.say(parameters)
        return Applied(
            revision=told.get("revision", 0),
            chunk=told.get("chunk", 0),
            first_frame=told.get("first_frame", 0),
            ms=told.get("ms", 0.0),
            elapsed_s=time.monotonic() - began_s,
            rtp_timestamp=told.get("rtp_timestamp"),
        )

    async def pause(self) -> None:
        """Hold the last picture; nothing is generated."""
        await self._line.say({"paused": True})

    async def resume(self) -> None:
        """Go on; returns when a new picture is made."""
        await self._line.say({"paused": False})

    async def reset(self) -> Applied:
        """Cut to a fresh start with the same prompt."""
        return await self.set(reset_cache=True)

    async def take_control(self) -> None:
        """Take a stream back that somebody else controls; both are told. Raises Unauthorized."""
        if self.control is not None:
            await self._http.post("/api/v1/session/control", {"peer_id": self.control.peer_id})

    # Watching.

    async def frames(
        self, *, format: PixelFormat = "rgb24", latest: bool = True
    ) -> AsyncIterator[Picture]:
        """Decoded pictures; `latest`: a slow reader misses some, else it may be 32 behind."""
        async for picture in pictures(self._line.frames, format=format, latest=latest):
            yield picture

    async def events(self) -> AsyncIterator[Event]:
        """Everything the server says from now on, and changes of `state`."""
        async for event in self._line.events.listen(most=MOST_EVENTS):
            yield event

    async def snapshot(self, path: str | Path | None = None) -> Image.Image:
        """The newest picture as it was made, prompt and seed in its `info`."""
        data = await self._http.read("/api/v1/session/frame", session_id=self.id, format="png")
        if path is not None:
            await asyncio.to_thread(Path(path).write_bytes, data)
        return await asyncio.to_thread(_picture, data)

    async def record(self, path: str | Path, *, seconds: float | None = None) -> Recording:
        """Record on the server: `seconds` long, or until `stop` of what this returns at once."""
        recording = Recording(self._http, self.id, Path(path))
        await recording.start()
        if seconds is not None:
            await asyncio.sleep(seconds)
            await recording.stop()
        return recording


def _picture(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture

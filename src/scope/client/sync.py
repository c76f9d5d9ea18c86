"""The Python client for scripts and notebooks: the same calls without `await`.

    with Client() as client, client.stream("a calm sea at sunset") as stream:
        stream.prompt("the same sea in a storm")

Everything is done by the client of `scope.client.api`, on a loop in a thread of its own; what its
methods decide, return and raise is said there.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PIL import Image

from scope.client.api import DEFAULT_URL, Progress
from scope.client.api import Client as AsyncClient
from scope.client.aside import LoopAside
from scope.client.errors import ClientError
from scope.client.values import Applied, Event, Link, Method, Picture, Prompt, Prompts, StreamState
from scope.protocol.http import (
    HardwareResponse,
    HealthResponse,
    ParametersResponse,
    SessionMetrics,
)
from scope.protocol.notices import Control, Hello, Stats
from scope.protocol.pipeline import (
    DownloadProgress,
    ModelsStatusResponse,
    PipelineSchema,
    PipelineStatusResponse,
)

if TYPE_CHECKING:
    from scope.client.pictures import PixelFormat
    from scope.client.stream import Stream as AsyncStream


class Client:
    """See the module. A context manager, or `close` it."""

    def __init__(
        self, base_url: str = DEFAULT_URL, *, api_key: str | None = None, timeout_s: float = 30
    ) -> None:
        self._aside = LoopAside()
        self._client = AsyncClient(base_url, api_key=api_key, timeout_s=timeout_s)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections and end the thread; a second time does nothing."""
        if self._aside.is_open:
            self._aside.call(self._client.aclose())
            self._aside.close()

    def health(self) -> HealthResponse:
        """The server answers: which build, since when."""
        return self._aside.call(self._client.health())

    def hardware(self) -> HardwareResponse:
        """The machine."""
        return self._aside.call(self._client.hardware())

    def pipelines(self) -> dict[str, PipelineSchema]:
        """Every pipeline with its parameters."""
        return self._aside.call(self._client.pipelines())

    def models(self) -> list[ModelsStatusResponse]:
        """The files of every pipeline."""
        return self._aside.call(self._client.models())

    def download(self, pipeline_id: str) -> Iterator[DownloadProgress]:
        """Let the server fetch a pipeline's files; how far it is, until they are there."""
        return self._aside.iterate(self._client.download(pipeline_id))

    def load(
        self,
        pipeline_id: str,
        *,
        wait: bool = True,
        timeout_s: float = 600,
        on_progress: Progress = lambda status: None,
        **load_params: Any,
    ) -> PipelineStatusResponse:
        """Load a pipeline. `on_progress` is called on the client's thread."""
        return self._aside.call(
            self._client.load(
                pipeline_id,
                wait=wait,
                timeout_s=timeout_s,
                on_progress=on_progress,
                **load_params,
            )
        )

    def status(self) -> PipelineStatusResponse:
        """What is loaded, how far a load is, or why it failed."""
        return self._aside.call(self._client.status())

    def unload(self) -> None:
        """End all streams and free the device."""
        self._aside.call(self._client.unload())

    def sessions(self) -> dict[str, SessionMetrics]:
        """Figures of every running session by its id."""
        return self._aside.call(self._client.sessions())

    def parameters(self, session_id: str | None = None) -> dict[str, Any]:
        """What is in force, in one session or the oldest."""
        return self._aside.call(self._client.parameters(session_id))

    def change(
        self, parameters: Mapping[str, Any], *, session_id: str | None = None
    ) -> ParametersResponse:
        """Change parameters of a running session, or of all, from outside."""
        return self._aside.call(self._client.change(parameters, session_id=session_id))

    def share(
        self, session_id: str | None = None, *, expires_s: float = 86_400, uses: int = 1
    ) -> Link:
        """A link for `uses` browsers without a key, to watch only."""
        return self._aside.call(self._client.share(session_id, expires_s=expires_s, uses=uses))

    def stream(
        self,
        prompt: Prompts = "",
        *,
        seed: int | None = None,
        resume: bool = True,
        lost_s: float = 8.0,
        **parameters: Any,
    ) -> "Stream":
        """A stream of what is loaded: `with client.stream("a fox in snow") as stream`."""

        async def made() -> "AsyncStream":  # its parts belong to the loop they are made on
            return self._client.stream(
                prompt, seed=seed, resume=resume, lost_s=lost_s, **parameters
            )

        return Stream(self._aside, self._aside.call(made()))


class Stream:
    """A live stream; a context manager, made by `Client.stream`."""

    def __init__(self, aside: LoopAside, stream: "AsyncStream") -> None:
        self._aside = aside
        self._stream = stream

    def __enter__(self) -> "Stream":
        self._aside.call(self._stream.__aenter__())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the stream and free the session."""
        self._aside.call(self._stream.close())

    @property
    def id(self) -> str:
        """Of the session that plays."""
        return self._stream.id

    @property
    def state(self) -> StreamState:
        """connecting → connected → streaming ⇄ paused, reconnecting in between, closed."""
        return self._stream.state

    @property
    def hello(self) -> Hello | None:
        """Pipeline, seed, size and rate of what plays."""
        return self._stream.hello

    @property
    def stats(self) -> Stats | None:
        """The newest figures of the server."""
        return self._stream.stats

    @property
    def error(self) -> ClientError | None:
        """Why the stream is closed, where it was nobody's wish."""
        return self._stream.error

    def prompt(
        self, *prompts: str | Prompt, steps: int = 8, method: Method = "slerp", cut: bool = False
    ) -> Applied:
        """Glide to these prompts, or `cut`; returns when they are in the picture."""
        return self._aside.call(self._stream.prompt(*prompts, steps=steps, method=method, cut=cut))

    def set(self, **parameters: Any) -> Applied:
        """Change any parameters; returns when they are in the picture."""
        return self._aside.call(self._stream.set(**parameters))

    def pause(self) -> None:
        """Hold the last picture; nothing is generated."""
        self._aside.call(self._stream.pause())

    def resume(self) -> None:
        """Go on; returns when a new picture is made."""
        self._aside.call(self._stream.resume())

    @property
    def control(self) -> Control | None:
        """Who controls the stream, as the server last said."""
        return self._stream.control

    def take_control(self) -> None:
        """Take a stream back that somebody else controls; both are told."""
        self._aside.call(self._stream.take_control())

    def reset(self) -> Applied:
        """Cut to a fresh start with the same prompt."""
        return self._aside.call(self._stream.reset())

    def frames(self, *, format: "PixelFormat" = "rgb24", latest: bool = True) -> Iterator[Picture]:
        """Decoded pictures; `latest`: a slow reader misses some, else it may be 32 behind."""
        return self._aside.iterate(self._stream.frames(format=format, latest=latest))

    def events(self) -> Iterator[Event]:
        """Everything the server says from now on, and changes of `state`."""
        return self._aside.iterate(self._stream.events())

    def snapshot(self, path: str | Path | None = None) -> Image.Image:
        """The newest picture as it was made, prompt and seed in its `info`."""
        return self._aside.call(self._stream.snapshot(path))

    def record(self, path: str | Path, *, seconds: float) -> Path:
        """Record `seconds` of it on the server and bring the MP4 to `path`."""
        return self._aside.call(self._stream.record(path, seconds=seconds)).path

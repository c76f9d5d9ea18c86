"""What all commands share that talk to a running server: which one, with which key, and how
each way it can go wrong is said and numbered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import SecretStr, ValidationError

from scope.cli.leaving import (
    EXIT_BUSY,
    EXIT_OUT_OF_MEMORY,
    EXIT_UNAUTHORIZED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    fail,
)
from scope.cli.nearest import unknown
from scope.cli.own_server import own_server
from scope.client.api import Client
from scope.client.errors import (
    BadParameter,
    Busy,
    ClientError,
    NotFound,
    NotLoaded,
    OutOfMemory,
    Unauthorized,
    Unreachable,
)
from scope.settings import RemoteSettings

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130

Url = Annotated[
    str | None, typer.Option("--url", help="The server; else SCOPE_URL, else localhost:8000.")
]
Key = Annotated[str | None, typer.Option("--key", help="Its key; else SCOPE_API_KEY.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Session = Annotated[
    str | None, typer.Option("--session", help="One session; else all, or the oldest.")
]
ResultT = TypeVar("ResultT")

CODES: tuple[tuple[type[ClientError], int], ...] = (
    (Unreachable, EXIT_UNREACHABLE),
    (Busy, EXIT_BUSY),
    (OutOfMemory, EXIT_OUT_OF_MEMORY),
    (Unauthorized, EXIT_UNAUTHORIZED),
    (BadParameter, EXIT_USAGE),
    (NotFound, EXIT_USAGE),
    (NotLoaded, EXIT_USAGE),
)
REMEDIES: tuple[tuple[type[ClientError], str], ...] = (
    (Unreachable, "Start one with: daydream-scope"),
    (Unauthorized, "Pass its key with --key, or set SCOPE_API_KEY."),
    (NotLoaded, "Load one with: daydream-scope load vista"),
)
REMEDY_OF_CODE = {
    "session_not_found": "Start a stream in the page, or with the Python client.",
    "model_files_missing": "See: daydream-scope models list",
}


def ask(
    url: str | None,
    key: str | None,
    work: Callable[[Client], Awaitable[ResultT]],
    *,
    own: tuple[str, Sequence[str]] | None = None,
) -> ResultT:
    """Run `work` with a client of that server. Leaves with words and a code when it fails.

    own: a pipeline and its load parameters, for which a server is started and ended here.
    """
    settings = settings_of(url, key)
    secret = settings.api_key.get_secret_value() if settings.api_key else None

    async def run() -> ResultT:
        async with AsyncExitStack() as stack:
            where = settings.url
            if own is not None:
                pipeline, load = own
                where = await stack.enter_async_context(own_server(pipeline=pipeline, load=load))
            client = await stack.enter_async_context(Client(where, api_key=secret))
            try:
                return await work(client)
            except NotFound as error:
                await _name_the_nearest(client, error)
                raise

    try:
        return asyncio.run(run())
    except ClientError as error:
        _leave(error)
    except TimeoutError:
        fail("The server took too long.", code=EXIT_UNREACHABLE)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None


def settings_of(url: str | None, key: str | None) -> RemoteSettings:
    """Which server is meant. Leaves when that is no address."""
    given: dict[str, Any] = {"url": url, "api_key": SecretStr(key) if key else None}
    try:
        return RemoteSettings(**{name: value for name, value in given.items() if value})
    except ValidationError:
        fail(f"{url or 'SCOPE_URL'} is no address such as http://localhost:8000")


def _leave(error: ClientError) -> NoReturn:
    code = next((code for kind, code in CODES if isinstance(error, kind)), EXIT_FAILED)
    remedy = _remedy(error)
    fail(f"{error.detail}\n{remedy}" if remedy else error.detail, code=code)


def _remedy(error: ClientError) -> str | None:
    """The command or the option that helps."""
    if isinstance(error, Busy) and error.retry_after_s:
        return f"Try again in {error.retry_after_s:.0f} s."
    if error.code in REMEDY_OF_CODE:
        return REMEDY_OF_CODE[error.code]
    return next((words for kind, words in REMEDIES if isinstance(error, kind)), None)


async def _name_the_nearest(client: Client, error: NotFound) -> None:
    """A mistyped pipeline is answered with the one that was meant."""
    if error.code != "unknown_pipeline":
        return
    wanted = error.detail.partition("'")[2].partition("'")[0]
    if wanted:
        raise NotFound(unknown("pipeline", wanted, await client.pipelines()), code=error.code)

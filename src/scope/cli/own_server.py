"""A server of our own in another process, for commands that try a pipeline out.

Decides that it listens on loopback only, and that it is gone when the command is.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from scope.client.errors import ClientError

SAYS = "Scope is at "
STARTS_S = 60.0
ENDS_S = 15.0
START = "from scope.cli.main import main; main()"


@asynccontextmanager
async def own_server(*, pipeline: str, load: Sequence[str]) -> AsyncIterator[str]:
    """The URL of one that has begun to load `pipeline`. load: key=value, as `serve` takes them.

    Raises ClientError where it does not start.
    """
    line = ["serve", "--host", "127.0.0.1", "--port", "0", "-N", "--pipeline", pipeline]
    for pair in load:
        line += ["--load-param", pair]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, *line, stdout=asyncio.subprocess.PIPE, stderr=None
    )
    try:
        yield await _address(process)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), ENDS_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    """What it prints once it listens."""
    if process.stdout is None:
        raise ClientError("The server has no output.", code="no_server")
    try:
        async with asyncio.timeout(STARTS_S):
            async for line in process.stdout:
                if SAYS in (text := line.decode(errors="replace")):
                    return text.partition(SAYS)[2].strip()
    except TimeoutError:
        pass
    raise ClientError("The server did not start; what it said is above.", code="no_server")

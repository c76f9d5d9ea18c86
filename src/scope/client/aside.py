"""An event loop in a thread of its own, for callers who have none or whose own is busy.

Decides how a call there is waited for here, and that an interrupted wait cancels it.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


class LoopAside:
    """See the module. `close` it, else its thread ends with the process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="scope", daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """Whether it can be called."""
        return not self._loop.is_closed()

    def call(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """The result of `work`, or what it raises. Raises RuntimeError once closed."""
        if not self.is_open:
            work.close()
            raise RuntimeError("the client is closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C while waiting
            raise

    def iterate(self, items: AsyncIterator[ResultT]) -> Iterator[ResultT]:
        """Each of `items` as it comes; leaving early ends them."""
        try:
            while True:
                try:
                    yield self.call(_next(items))
                except StopAsyncIteration:
                    return
        finally:
            if isinstance(items, AsyncGenerator) and self.is_open:
                self.call(_end(items))

    def close(self) -> None:
        """Stop the loop; what still runs there is cancelled first."""
        if not self.is_open:
            return
        self.call(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _next(items: AsyncIterator[ResultT]) -> ResultT:
    return await anext(items)


async def _end(items: AsyncGenerator[Any, Any]) -> None:
    await items.aclose()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()

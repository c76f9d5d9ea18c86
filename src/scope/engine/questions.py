"""Questions to the worker that wait for their answer, on the event loop.

Decides that every question gets an answer, also when the worker is lost meanwhile. Knows
nothing of what is asked.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from scope.control import TimedUpdate
from scope.engine.failures import as_exception
from scope.engine.messages import Check, Checked, Command
from scope.errors import WorkerLost
from scope.events import ErrorInfo


class Questions:
    """The open questions. `post` says where a question goes once `up` is set."""

    def __init__(
        self,
        *,
        up: asyncio.Event,
        post: Callable[[Command], None],
        answer_s: float,
    ) -> None:
        self._up = up
        self._post = post
        self._answer_s = answer_s
        self._open: dict[int, asyncio.Future[ErrorInfo | None]] = {}
        self._asked = 0

    async def check(
        self,
        pipeline_id: str,
        *,
        load: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
        script: tuple[TimedUpdate, ...] = (),
    ) -> None:
        """Raises InvalidParameters where values are bad, WorkerLost or NoAnswer where nobody
        can tell.
        """
        try:
            async with asyncio.timeout(self._answer_s):
                await self._up.wait()
                error = await self._ask(
                    lambda ticket: Check(
                        ticket, pipeline_id, load=load, changes=changes, script=script
                    )
                )
        except TimeoutError:
            raise NoAnswer("The worker does not answer.") from None
        if error is not None:
            raise as_exception(error)

    async def _ask(self, question: Callable[[int], Check]) -> ErrorInfo | None:
        self._asked += 1
        ticket = self._asked
        answer: asyncio.Future[ErrorInfo | None] = asyncio.get_running_loop().create_future()
        self._open[ticket] = answer
        try:
            self._post(question(ticket))
            return await answer
        finally:
            del self._open[ticket]

    def answered(self, checked: Checked) -> None:
        """The worker has answered."""
        answer = self._open.get(checked.ticket)
        if answer is not None and not answer.done():
            answer.set_result(checked.error)

    def lost(self, why: str) -> None:
        """There will be no answers."""
        for answer in self._open.values():
            if not answer.done():
                answer.set_exception(WorkerLost(why))


class NoAnswer(WorkerLost):
    """The worker is there, or should be, and says nothing."""

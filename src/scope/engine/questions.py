"""Questions to the worker that wait for their answer, on the event loop.

Decides that every question gets an answer, also when the worker is lost meanwhile. Knows
nothing of what is asked.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from scope.engine.messages import Check, Checked, Command
from scope.errors import WorkerLost
from scope.events import ErrorInfo


class Questions:
    """The open questions."""

    def __init__(self) -> None:
        self._open: dict[int, asyncio.Future[ErrorInfo | None]] = {}
        self._asked = 0

    async def ask(
        self,
        post: Callable[[Command], None],
        pipeline_id: str,
        *,
        load: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> ErrorInfo | None:
        """What is wrong with these values, or None. Raises WorkerLost."""
        self._asked += 1
        ticket = self._asked
        answer: asyncio.Future[ErrorInfo | None] = asyncio.get_running_loop().create_future()
        self._open[ticket] = answer
        try:
            post(Check(ticket, pipeline_id, load=load, changes=changes))
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

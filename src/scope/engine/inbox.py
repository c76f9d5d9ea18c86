"""The worker's one queue of commands, and the only thing it ever sleeps on.

Thread-safe. Decides nothing about the commands.
"""

import threading
from collections import deque
from collections.abc import Callable

from scope.engine.messages import Command, Wake
from scope.engine.outlet import Outlet


class Inbox:
    """Commands with, for an `Open`, the outlet its home has prepared."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Command, Outlet | None]] = deque()
        self._news = threading.Condition()

    def post(self, command: Command, outlet: Outlet | None = None) -> None:
        """Append a command and wake the worker."""
        with self._news:
            self._waiting.append((command, outlet))
            self._news.notify()

    def wake(self) -> None:
        """Make the worker look again."""
        self.post(Wake())

    def take(
        self, wanted: Callable[[Command], bool] | None = None
    ) -> tuple[Command, Outlet | None] | None:
        """The next command; None when there is none, or when it is not `wanted` yet."""
        with self._news:
            if not self._waiting or (wanted is not None and not wanted(self._waiting[0][0])):
                return None
            return self._waiting.popleft()

    def any(self, wanted: Callable[[Command], bool]) -> bool:
        """Whether a command like this waits."""
        with self._news:
            return any(wanted(command) for command, _ in self._waiting)

    def wait(self, timeout_s: float | None) -> None:
        """Sleep until a command is there or the time is up."""
        with self._news:
            if not self._waiting:
                self._news.wait(timeout_s)

"""Clients' wishes for a recording, kept apart from what the pipeline may refuse; pure."""

from collections.abc import Callable

MOST_WAITING = 256


class RecordingWishes:
    """Of one session. act: record from now on, or no longer."""

    def __init__(self, act: Callable[[bool], None]) -> None:
        self._act = act
        self._waiting: dict[int, bool] = {}

    def wished(self, wanted: bool, *, revision: int, sure: bool) -> None:
        """A message asks for it. Unless `sure`, it came with values that may yet be refused, and
        then nothing of it may happen.
        """
        if sure:
            self._act(wanted)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting[revision] = wanted

    def taken(self, revision: int) -> None:
        """Everything up to `revision` that was not refused is in force."""
        due = [waiting for waiting in sorted(self._waiting) if waiting <= revision]
        wishes = [self._waiting.pop(each) for each in due]
        if wishes:
            self._act(wishes[-1])

    def refused(self, revision: int) -> None:
        """Nothing of that message holds."""
        self._waiting.pop(revision, None)

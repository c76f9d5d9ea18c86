"""What is to be loaded, until something else is wanted.

Decides what happens to it when a child is lost: what has worked is loaded again, what took the
child down is not. Keeps the status of the engine true to that. Knows nothing of processes.
"""

from scope.engine.api import LoadRequest
from scope.engine.front import Front
from scope.engine.messages import Load, Loaded, NotLoaded, Report
from scope.events import ErrorInfo


class Wanted:
    """At most one load."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._request: LoadRequest | None = None
        self._ticket = 0
        self._proven = False  # it has been loaded before, so it is worth a retry

    def command(self) -> Load | None:
        """What a child has to be told."""
        if self._request is None:
            return None
        return Load(self._ticket, self._request.pipeline_id, dict(self._request.params))

    def begin(self, request: LoadRequest) -> None:
        """This and nothing else."""
        self._request, self._proven = request, False
        self._ticket = self._front.begin_load(request)

    def again(self, *, stage: str) -> None:
        """The same by another child; until then nothing is loaded."""
        if self._request is not None:
            self._ticket = self._front.begin_load(self._request, stage=stage)

    def forget(self) -> None:
        """Nothing any more."""
        self._request = None

    def fail(self, error: ErrorInfo) -> None:
        """Nothing any more, for that reason."""
        self.forget()
        self._front.fail_load(error)

    def lost(self, error: ErrorInfo) -> None:
        """The child that was told of it is gone."""
        if self._request is not None and not self._proven:
            self.fail(error)
        else:
            self.again(stage="restarting the worker")

    def heard(self, report: Report) -> None:
        """What a child says."""
        match report:
            case Loaded(ticket, _) if ticket == self._ticket:
                self._proven = True
            case NotLoaded(ticket, _) if ticket == self._ticket:
                self.forget()
